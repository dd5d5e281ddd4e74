"""Where a request comes from, also behind proxies, and the session that belongs to it."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from django.conf import settings
from django.contrib.sessions.middleware import SessionMiddleware
from django.http import HttpRequest

from laoke.foundation.staff.agents import readable
from laoke.foundation.staff.session_store import Visitor
from laoke.foundation.web.api import received_at


def client_address(request: HttpRequest) -> str:
    """The address that a request comes from; empty when it is not known.

    Everybody can send an X-Forwarded-For, so it counts only as far as LAOKE_TRUSTED_PROXIES says that proxies of
    ours wrote it: each appends the address that called it, so with n of them the n-th from the right is the client.
    A list that is shorter did not come through all of them, and says nothing.
    """
    proxies: int = settings.LAOKE.trusted_proxies
    if proxies:
        told = request.headers.get("X-Forwarded-For", "").split(",")
        if len(told) >= proxies and (address := _address(told[-proxies])) is not None:
            return str(address)
    return str(request.META.get("REMOTE_ADDR", ""))


def masked(address: str) -> str:
    """The address without what points at one connection: 203.0.113.*, 2001:db8:5::*; empty when it is none."""
    found = _address(address)
    if found is None:
        return ""
    if isinstance(found, IPv4Address):
        return str(found).rpartition(".")[0] + ".*"
    return f"{ip_network((found, 48), strict=False).network_address}*"


def _address(text: str) -> IPv4Address | IPv6Address | None:
    # Some proxies add the port: 203.0.113.7:4711, [2001:db8::7]:4711.
    text = text.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        found = ip_address(text)
    except ValueError:
        return None
    if isinstance(found, IPv6Address) and found.ipv4_mapped is not None:
        return found.ipv4_mapped
    return found


class Sessions(SessionMiddleware):
    """Django's middleware; it also tells the session who knocks."""

    def process_request(self, request: HttpRequest) -> None:
        """Hang the session to the request, unread."""
        super().process_request(request)
        request.session.visitor = Visitor(  # type: ignore[attr-defined]
            received_at(request),
            masked(client_address(request)),
            readable(request.headers.get("User-Agent", "")),
        )
