from django.apps import AppConfig
from django.conf import settings


class FoundationConfig(AppConfig):
    name = "laoke.foundation"
    label = "foundation"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        # Every process, of the web, the worker or the command line, logs in the same form.
        from laoke.foundation.web import logs

        logs.configure(settings.LAOKE.log_format, settings.LAOKE.log_level)
