"""Who may open which page and send which form: what is not allowed is neither shown nor served."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.urls import Resolver404, resolve

from laoke.foundation.access import ROLE_SCOPES, Role, Scope
from tests import shop as shops
from tests.browser import furnishing
from tests.pages import REGISTER, Address, Kind, addresses, path_of, patterns
from tests.shop import OPENING, Shop, line
from tests.visitor import Visitor

LATER = OPENING + timedelta(days=2)
# Moved by looking: sessions by every request, a key by its use.
_RESTLESS = {"django_session", "foundation_apikey"}


class _Links(HTMLParser):
    """Where a page leads: links it shows, and forms it would send."""

    def __init__(self, here: str, text: str) -> None:
        super().__init__()
        self.here = here
        self.links: set[str] = set()
        self.forms: set[str] = set()
        self._form: tuple[str, str] | None = None
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "a" and "href" in given:
            self.links.add(given["href"])
        if tag == "form":
            target = given.get("action") or self.here
            (self.forms if given.get("method", "").lower() == "post" else self.links).add(target)
        if "formaction" in given:
            (self.links if given.get("formmethod", "").lower() == "get" else self.forms).add(
                given["formaction"]
            )
        if "hx-get" in given:
            self.links.add(given["hx-get"])
        if "hx-post" in given:
            self.forms.add(given["hx-post"])


def _entry(address: str) -> str | None:
    """The name of the entry that an address of ours belongs to."""
    parts = urlsplit(address)
    if parts.netloc or parts.scheme or not parts.path or parts.path.startswith(("/static/", "/v1/")):
        return None
    try:
        return resolve(parts.path).url_name
    except Resolver404:
        raise AssertionError(f"leads nowhere: {address}") from None


@pytest.fixture
def known(db: None, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Any]]:
    """A shop with something on every page."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    # Scores are computed over a connection of their own, which sees nothing of a test.
    monkeypatch.setattr("laoke.segments.services.recompute", lambda **asked: {"members": 0})
    shop = shops.open_shop()
    yield _stock(shop)
    shops.forget()


def _stock(shop: Shop) -> dict[str, Any]:
    first, second = shop.member(), shop.member()
    till = shop.till(OPENING - timedelta(days=20))
    till.sell("A1", first, line("wine", 2))
    till.later(days=3)
    till.sell("A2", first, line("rice"))
    till.sell("A3", second, line("milk"))
    return furnishing.furnish(OPENING)


def test_every_address_is_in_the_register() -> None:
    names = [pattern.name for pattern in patterns()]
    assert None not in names, "an address without a name"
    assert sorted(names) == sorted(set(names)), "a name used twice"
    assert set(names) == set(REGISTER)


def test_a_role_opens_what_it_may_and_nothing_else(known: dict[str, Any]) -> None:
    wrong = []
    for role in Role:
        browser = Visitor(LATER, role.value)
        for name, entry in REGISTER.items():
            if entry.kind in (Kind.MACHINE, Kind.DOOR) or entry.public:
                continue
            for address in addresses(name, known):
                response = browser.get(address, headers=_asked_by(entry))
                status = response.status_code
                if response.streaming:
                    list(response)  # a file is closed when it was read
                wanted = entry.status if entry.may_open(role) else 403
                if name == "overview" and not entry.may_open(role):
                    wanted = 302  # the first page, for everybody: it leads on to one that may be seen
                elsewhere = entry.owned and role is not Role.OWNER and status == 404
                if status != wanted and not elsewhere:
                    wrong.append(f"{role}: {address} is {status}, not {wanted}")
    assert not wrong, "\n".join(wrong)


def test_what_a_role_may_not_do_is_refused_and_leaves_nothing_behind(known: dict[str, Any]) -> None:
    wrong = []
    browsers = {role: Visitor(LATER, role.value) for role in Role}
    before = _state()
    for role, browser in browsers.items():
        for name, entry in REGISTER.items():
            if entry.takes_forms and not entry.public and not entry.may_send(role):
                address = path_of(name, known)
                status = browser.post(address, {"reason": "because", "points": "5"}).status_code
                if status != 403:
                    wrong.append(f"{role}: {address} is {status}")
    assert not wrong, "\n".join(wrong)
    assert _state() == before


def test_what_a_role_may_not_do_is_not_shown(known: dict[str, Any]) -> None:
    """No link, no form and no button on any page of a role leads to what it may not open or send."""
    offered: set[str] = set()
    for role in Role:
        browser = Visitor(LATER, role.value)
        for name, entry in REGISTER.items():
            if entry.kind is not Kind.PAGE or entry.public or not entry.may_open(role):
                continue
            for address in addresses(name, known):
                shown = _Links(address, browser.get(address).content.decode())
                for link in shown.links:
                    target = _entry(link)
                    if target and target != "overview" and not REGISTER[target].may_open(role):
                        offered.add(f"{role}: {address} links to {link}")
                for action in shown.forms:
                    target = _entry(action)
                    if target and not (REGISTER[target].public or REGISTER[target].may_send(role)):
                        offered.add(f"{role}: {address} has a form to {action}")
    assert not offered, "\n".join(sorted(offered))


def test_nobody_sees_anything_before_signing_in(known: dict[str, Any]) -> None:
    stranger = Visitor(LATER)
    before = _state()
    wrong = {}
    for name, entry in REGISTER.items():
        if entry.public:
            continue
        address = path_of(name, known)
        for response in (stranger.get(address), stranger.post(address, {})):
            to_sign_in = response.status_code in (302, 303) and response["Location"].startswith("/login")
            # 401: the sign-in form, which keeps what the form held; 405: takes no forms, or nothing but forms.
            if not (to_sign_in or response.status_code in (401, 405)):
                wrong[address] = response.status_code
    assert not wrong
    assert _state() == before


def test_roles_differ_in_what_they_may() -> None:
    """The register would prove nothing if it let everybody do everything."""
    assert set(ROLE_SCOPES[Role.OWNER]) == set(Scope)
    gated = {entry.scope for entry in REGISTER.values()} | {entry.send for entry in REGISTER.values()}
    assert len(gated - {None}) >= 2


def _asked_by(entry: Address) -> dict[str, str]:
    """Parts of pages are asked for by script; anybody else is led to the whole page."""
    return {"HX-Request": "true"} if entry.kind is Kind.PART else {}


def _state() -> dict[str, tuple[int, str]]:
    return {table: found for table, found in shops.everything().items() if table not in _RESTLESS}
