"""What the foundation listens to."""

from laoke.foundation.webhooks import handlers as webhooks

webhooks.register()
