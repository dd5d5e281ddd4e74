"""`laoke webhook`: who receives events, and what became of them."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from laoke.surfaces.cli.output import Json, columns, emit
from laoke.surfaces.cli.session import now, ready, say

if TYPE_CHECKING:
    from laoke.foundation.webhooks.selectors import Endpoint

app = typer.Typer(help="Outgoing webhooks: addresses that receive events.", no_args_is_help=True)
EndpointId = Annotated[int, typer.Argument(help="Number of the endpoint, as `laoke webhook list` shows it.")]


@app.command("add")
def add(
    name: Annotated[str, typer.Argument(help="What it is for.")],
    url: Annotated[str, typer.Argument(help="Where events go, https.")],
    topic: Annotated[
        list[str] | None,
        typer.Option("--topic", help="An event it wants; repeat for more. None: every event."),
    ] = None,
    json: Json = False,
) -> None:
    """Add an endpoint and print its signing secret on stdout: now, and never again.

    Example: laoke webhook add crm https://crm.example.com/laoke --topic order.committed
    """
    with ready():
        from laoke.foundation.access import SYSTEM
        from laoke.foundation.webhooks import services

        endpoint, secret = services.create_endpoint(SYSTEM, name, url, topic or [], at=now())
        emit(asdict(endpoint) | {"secret": secret}, as_json=json, text=secret)
        if not json:
            say(f"Endpoint {endpoint.id} added. Keep its secret now: it is not shown again.")


@app.command("list")
def show(json: Json = False) -> None:
    """Show every endpoint.

    Example: laoke webhook list
    """
    with ready():
        from laoke.foundation.access import SYSTEM
        from laoke.foundation.webhooks import selectors

        endpoints = selectors.endpoints(SYSTEM)
        rows = [
            (each.id, each.name, each.url, _state(each), " ".join(each.topics) or "every event")
            for each in endpoints
        ]
        empty = "No endpoints yet. `laoke webhook add NAME URL` adds one."
        text = columns(("ID", "NAME", "ADDRESS", "STATE", "EVENTS"), rows, empty)
        emit([asdict(each) for each in endpoints], as_json=json, text=text)


@app.command("disable")
def disable(
    endpoint_id: EndpointId,
    reason: Annotated[str, typer.Option(help="Stands in the list and in the audit trail.")] = "",
    json: Json = False,
) -> None:
    """Switch an endpoint off. What waits for it is kept.

    Example: laoke webhook disable 3 --reason "moving house"
    """
    with ready():
        from laoke.foundation.access import SYSTEM
        from laoke.foundation.webhooks import services

        why = reason or "switched off on the command line"
        _tell(services.disable_endpoint(SYSTEM, endpoint_id, why, at=now()), json, "off")


@app.command("enable")
def enable(endpoint_id: EndpointId, json: Json = False) -> None:
    """Switch an endpoint on again. What waited for it is sent.

    Example: laoke webhook enable 3
    """
    with ready():
        from laoke.foundation.access import SYSTEM
        from laoke.foundation.webhooks import selectors, services
        from laoke.foundation.webhooks.errors import NoSuchWebhookEndpoint

        known = next((each for each in selectors.endpoints(SYSTEM) if each.id == endpoint_id), None)
        if known is None:
            raise NoSuchWebhookEndpoint(endpoint_id)
        changed = services.update_endpoint(
            SYSTEM, endpoint_id, name=known.name, url=known.url, topics=known.topics, active=True, at=now()
        )
        _tell(changed, json, "on")


@app.command("deliveries")
def deliveries(
    endpoint_id: EndpointId,
    status: Annotated[str | None, typer.Option(help="Only these: waiting, delivered or given_up.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many.")] = 50,
    json: Json = False,
) -> None:
    """Show the log of an endpoint, newest first. Deliveries are kept for 30 days.

    Example: laoke webhook deliveries 3 --status given_up
    """
    with ready():
        from laoke.foundation.access import SYSTEM
        from laoke.foundation.webhooks import selectors
        from laoke.foundation.webhooks.errors import NoSuchWebhookEndpoint
        from laoke.foundation.webhooks.selectors import DeliveryStatus

        known = [each.value for each in DeliveryStatus]
        if status is not None and status not in known:
            raise typer.BadParameter(f"takes one of {', '.join(known)}", param_hint="--status")
        if endpoint_id not in [each.id for each in selectors.endpoints(SYSTEM)]:
            raise NoSuchWebhookEndpoint(endpoint_id)
        wanted = DeliveryStatus(status) if status else None
        found = selectors.deliveries(SYSTEM, endpoint_id, wanted, limit=limit)
        rows = [
            (
                each.id,
                each.topic,
                each.status,
                each.attempts,
                each.created_at,
                each.last_status,
                each.last_error,
            )
            for each in found
        ]
        headings = ("ID", "EVENT", "STATE", "TRIES", "SINCE", "ANSWER", "ERROR")
        emit(
            [asdict(each) for each in found],
            as_json=json,
            text=columns(headings, rows, "Nothing was sent yet."),
        )


def _state(endpoint: Endpoint) -> str:
    return "on" if endpoint.active else f"off ({endpoint.disabled_reason})"


def _tell(endpoint: Endpoint, as_json: bool, state: str) -> None:
    plain: dict[str, Any] = asdict(endpoint)
    if as_json:
        emit(plain, as_json=True, text="")
    else:
        say(f"Endpoint {endpoint.id} ({endpoint.name}) is {state}.")
