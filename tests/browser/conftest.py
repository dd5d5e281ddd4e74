"""One shop and one Chromium for all tests of a process; each test has windows of its own.

Whatever a page complains about in the console, and whatever breaks its Content-Security-Policy, fails the test that
opened it.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, expect

from tests.browser import chromium
from tests.browser.site import PASSWORD, Site, serving

Open = Callable[..., Page]

# The machine has other work beside the browser's; what never comes fails all the same.
PATIENCE = 20_000
expect.set_options(timeout=PATIENCE)

_REPORT_VIOLATIONS = """
document.addEventListener('securitypolicyviolation', event =>
    console.error('securitypolicyviolation', event.effectiveDirective, event.blockedURI, event.sample))
"""


# Browser and shop, from the first test of this folder to its last: other tests of the process may follow, and while
# Playwright has its event loop in this thread Django refuses them the database.
_open = ExitStack()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> Generator[None]:
    """Close them after the last test of this folder."""
    try:
        return (yield)
    finally:
        if nextitem is None or "tests/browser/" not in nextitem.nodeid:
            _open.close()


@pytest.fixture(scope="session")
def browser() -> Browser:
    """The browser."""
    if chromium.find() is None:
        pytest.skip(chromium.MISSING)
    return _open.enter_context(chromium.running())


@pytest.fixture(scope="session")
def site(browser: Browser) -> Site:
    """The shop. Not built when there is no browser to visit it."""
    return _open.enter_context(serving())


@pytest.fixture(scope="session")
def cookies(browser: Browser, site: Site) -> Callable[[str], list[Any]]:
    """The cookies of somebody who signed in, by user name; each signs in once."""
    kept: dict[str, list[Any]] = {}

    def of(username: str) -> list[Any]:
        if username not in kept:
            context = browser.new_context(base_url=site.url, locale="en-US")
            page = context.new_page()
            page.goto("/login")
            page.fill("[name=username]", username)
            page.fill("[name=password]", PASSWORD)
            page.press("[name=password]", "Enter")
            page.wait_for_url(lambda address: "/login" not in address)
            kept[username] = context.cookies()
            context.close()
        return kept[username]

    return of


class Complaints(list[str]):
    """What pages said in the console that nobody expected."""

    def heard(self, message: ConsoleMessage) -> None:
        """Note errors, but not that of a refusal: those are tested by their status."""
        if message.type != "error":
            return
        address = message.location.get("url", "")
        refused = "responded with a status of 4" in message.text and "/static/" not in address
        if not refused:
            self.append(f"{message.text} ({address})")


@pytest.fixture
def complaints() -> Iterator[Complaints]:
    """Fails the test when its pages complained."""
    heard = Complaints()
    yield heard
    assert not heard, "\n".join(heard)


def opened(browser: Browser, site: Site, complaints: Complaints, **asked: Any) -> BrowserContext:
    """A context of its own: language ("en", "zh"), theme ("light", "dark"), size (width, height), script (False:
    JavaScript is off), cookies of whoever signed in."""
    language, script = asked.get("language", "en"), asked.get("script", True)
    width, height = asked.get("size", (1440, 900))
    context = browser.new_context(
        base_url=site.url,
        viewport={"width": width, "height": height},
        locale="zh-CN" if language == "zh" else "en-US",
        java_script_enabled=script,
        reduced_motion="reduce",
        accept_downloads=True,
    )
    context.set_default_timeout(PATIENCE)
    context.add_cookies(
        [
            *asked.get("cookies", ()),
            {"name": "django_language", "value": "zh-hans" if language == "zh" else "en", "url": site.url},
            {"name": "laoke_theme", "value": asked.get("theme", "light"), "url": site.url},
        ]
    )
    if script:
        context.add_init_script(_REPORT_VIOLATIONS)
    context.on("console", complaints.heard)
    context.on("weberror", lambda error: complaints.append(f"page error: {error.error}"))
    return context


@pytest.fixture
def window(
    browser: Browser, site: Site, cookies: Callable[[str], list[Any]], complaints: Complaints
) -> Iterator[Open]:
    """Open a window: `window("owner")` is signed in, `window()` is not. What else may be asked for: see `opened`."""
    contexts: list[BrowserContext] = []

    def open_window(who: str | None = None, **asked: Any) -> Page:
        known = cookies(who) if who is not None else []
        contexts.append(opened(browser, site, complaints, cookies=known, **asked))
        return contexts[-1].new_page()

    yield open_window
    for context in contexts:
        context.close()
