"""Write docs/reference/events.md: every topic with the fields of its payload, from the declarations in the code.

python tools/event_page.py
"""

from __future__ import annotations

import os
import tempfile
from datetime import timedelta
from pathlib import Path

PAGE = Path(__file__).parent.parent / "docs" / "reference" / "events.md"

_INTRODUCTION = """\
# Events and webhooks

What happens in Laoke is announced as events, each written in the transaction of the fact it tells of: there is no event
of something that was rolled back, and no fact without its event. A webhook endpoint (`POST /v1/webhooks`, scope
`webhooks:manage`) receives the topics it asks for, or all of them.

## What arrives

A POST with a JSON body:

```json
{
  "type": "points.adjusted",
  "timestamp": "2026-03-10T04:00:01.204817Z",
  "data": {"member_id": 1042, "points": 50, "points_available": 58}
}
```

`type` is the topic, `timestamp` when it happened, `data` the payload listed below. Payloads hold ids, codes and
amounts, never personal data: who may know more asks the API by the id. Fields may be added; those that are there keep
their meaning. Imports and the demo are history and announce nothing.

Answer with any 2xx status within 10 seconds. What takes longer belongs behind a queue of your own.

## Is it from us?

Events are signed by the [Standard Webhooks](https://www.standardwebhooks.com/) scheme, for which there are libraries in
most languages. Three headers come along:

| header | holds |
| --- | --- |
| `webhook-id` | the message's id, the same at every attempt: ignore one you have had |
| `webhook-timestamp` | seconds since 1970 of this attempt: refuse one older than five minutes |
| `webhook-signature` | `v1,` and the HMAC-SHA256 of `id.timestamp.body` in base64; for 24 hours after a rotation two |

The secret begins with `whsec_`; what follows is the key in base64. In Python:

```python
from standardwebhooks import Webhook

event = Webhook(secret).verify(body, headers)
```

## When it does not arrive

"""

_LOG = """
After that the delivery is given up. `GET /v1/webhooks/{endpoint_id}/deliveries` shows every delivery of the last 30
days with its last answer, `POST .../redeliver` sends one again, `POST .../test` sends a `webhook.test`. An endpoint
that answers 410 Gone is switched off. Events usually come in the order they happened, but a repeated one comes late: go
by `timestamp`, or ask for the present state.

## Topics

"""


def page() -> str:
    """The text of the page; Django must be ready."""
    from laoke.foundation.outbox import topics
    from laoke.foundation.webhooks import delivery

    known = topics.known()
    text = _INTRODUCTION
    text += f"It is tried again {_listed([_said(pause) for pause in delivery.PAUSES])} after the attempt before.\n"
    text += _LOG
    text += "| topic | tells |\n| --- | --- |\n"
    text += "".join(f"| [`{topic.name}`](#{_anchor(topic.name)}) | {topic.about} |\n" for topic in known)
    for topic in known:
        text += f"\n### {topic.name}\n\n{topic.about}\n\n| field | is |\n| --- | --- |\n"
        text += "".join(f"| `{name}` | {meaning} |\n" for name, meaning in topic.fields.items())
    return text


def _anchor(name: str) -> str:
    return name.replace(".", "")


def _listed(parts: list[str]) -> str:
    return f"{', '.join(parts[:-1])} and {parts[-1]}"


def _said(pause: timedelta) -> str:
    seconds = int(pause.total_seconds())
    for unit, size in (("hours", 3600), ("minutes", 60)):
        if seconds >= size:
            return f"{seconds // size} {unit}"
    return f"{seconds} seconds"


def main() -> None:
    """Write the page."""
    # A home of its own: reading the settings makes keys, and this is nobody's installation.
    with tempfile.TemporaryDirectory(prefix="laoke-page-") as home:
        os.environ["LAOKE_HOME"] = home
        os.environ["DJANGO_SETTINGS_MODULE"] = "laoke.project.settings"
        import django

        django.setup()
        PAGE.write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
