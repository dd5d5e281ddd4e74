"""Where webhooks may go: to public addresses, checked when they are sent and not only when they are entered.

Whoever may enter a URL could otherwise make this server post to machines only it can reach (server-side request
forgery). A name is resolved once per connection, the answer is checked, and the connection goes to the very
address that was checked: a name that resolves differently a moment later (DNS rebinding) gains nothing.
"""

from __future__ import annotations

import ipaddress
import socket
from dataclasses import dataclass
from urllib.parse import urlsplit

from django.utils.translation import gettext as _

from laoke.foundation.webhooks.errors import BadWebhookUrl

_LONGEST = 500


@dataclass(frozen=True, slots=True)
class Target:
    """An address to connect to: `ip` in place of the name, `host` for the Host header and the certificate."""

    url: str
    ip: str
    host: str
    host_header: str


def check_url(url: str, *, to_private: bool) -> None:
    """Refuse what can be seen to be wrong without asking the network.

    Raises:
        BadWebhookUrl
    """
    if len(url) > _LONGEST or any(ord(letter) < 33 or ord(letter) == 127 for letter in url):
        raise BadWebhookUrl(
            _("A webhook address has at most %(n)d characters and no spaces.") % {"n": _LONGEST}
        )
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018 - reading it is the check
    except ValueError:
        raise BadWebhookUrl(
            _("This is no web address. An example: https://example.com/hooks/loyalty")
        ) from None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise BadWebhookUrl(_("A webhook address starts with https:// or http:// and names a host."))
    if parts.username is not None or parts.password is not None:
        raise BadWebhookUrl(
            _("Leave user name and password out of the address: the signature proves who sends.")
        )
    if parts.fragment:
        raise BadWebhookUrl(_("Leave out what follows #: it never reaches the receiver."))
    if to_private:
        return
    if parts.hostname == "localhost" or parts.hostname.endswith((".localhost", ".local", ".internal")):
        raise _private(parts.hostname)
    try:
        ip = ipaddress.ip_address(parts.hostname)
    except ValueError:
        return
    if not is_public(ip):
        raise _private(parts.hostname)


def resolve(url: str, *, to_private: bool) -> Target:
    """The checked address behind a URL, as of now.

    Raises:
        BadWebhookUrl: the name resolves to an address that is not public.
        OSError: the name does not resolve.
    """
    check_url(url, to_private=to_private)
    parts = urlsplit(url)
    host = parts.hostname or ""
    port = parts.port or (443 if parts.scheme == "https" else 80)
    found = [info[4][0] for info in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
    addresses = [ipaddress.ip_address(str(address).partition("%")[0]) for address in found]
    # One private address among public ones is no accident.
    if not to_private and not all(is_public(address) for address in addresses):
        raise _private(host)
    ip = addresses[0]
    literal = f"[{ip}]" if ip.version == 6 else str(ip)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    named = f"[{host}]" if ":" in host else host
    default = parts.port in (None, 443 if parts.scheme == "https" else 80)
    return Target(
        url=f"{parts.scheme}://{literal}:{port}{path}",
        ip=str(ip),
        host=host,
        host_header=named if default else f"{named}:{port}",
    )


def is_public(ip: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    """Whether an address is out on the Internet: not private, loopback, link-local, shared, reserved, multicast."""
    if isinstance(ip, ipaddress.IPv6Address):
        # IPv4 in another coat: mapped, 6to4, Teredo, NAT64.
        inner = ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None)
        if inner is None and ip in _NAT64:
            inner = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(inner)
    return ip.is_global and not ip.is_multicast and not ip.is_reserved


_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


def _private(host: str) -> BadWebhookUrl:
    return BadWebhookUrl(
        _(
            "%(host)s is not a public address. To send webhooks inside your own network, set "
            "LAOKE_WEBHOOKS_TO_PRIVATE=yes."
        )
        % {"host": host}
    )
