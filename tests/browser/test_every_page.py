"""Every page in the register: no fault of accessibility, no sideways scrolling, light enough."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Response

from tests.browser import looking
from tests.browser.conftest import Complaints, opened
from tests.browser.site import Site
from tests.pages import REGISTER, Kind, addresses

KIB = 1024
LIGHT, WITH_CHARTS = 90 * KIB, 250 * KIB
PAGES = [name for name, entry in REGISTER.items() if entry.kind is Kind.PAGE]


class Tour:
    """Windows that stay open from page to page, one for each language and for strangers and owners."""

    def __init__(self, browser: Browser, site: Site, owner: list[Any]) -> None:
        self.complaints = Complaints()
        self._pages = {}
        for language in ("en", "zh"):
            for public, cookies in ((False, owner), (True, [])):
                context = opened(browser, site, self.complaints, language=language, cookies=cookies)
                looking.prepare(context)
                self._pages[public, language] = context.new_page()

    def window(self, name: str, language: str) -> Page:
        """Where an entry of the register is to be opened."""
        return self._pages[REGISTER[name].public, language]

    def close(self) -> None:
        """Close all."""
        for page in self._pages.values():
            page.context.close()


@pytest.fixture(scope="module")
def _tour(browser: Browser, site: Site, cookies: Callable[[str], list[Any]]) -> Iterator[Tour]:
    tour = Tour(browser, site, cookies("owner"))
    yield tour
    tour.close()


@pytest.fixture
def tour(_tour: Tour) -> Iterator[Tour]:
    """The windows; what a page complains about fails the test that opened it."""
    _tour.complaints.clear()
    yield _tour
    assert not _tour.complaints, "\n".join(_tour.complaints)


def weighed(page: Page, name: str, address: str) -> Response | None:
    """Open a page, and see that what came over the wire is no more than a page may weigh."""
    with looking.weighing(page) as weight:
        answer = page.goto(address)
        page.evaluate("() => document.fonts.ready")
        heaviest = sorted(weight.parts().items(), key=lambda part: -part[1])[:6]
        assert weight.bytes() <= (WITH_CHARTS if REGISTER[name].charts else LIGHT), heaviest
    return answer


@pytest.mark.parametrize("name", PAGES)
def test_a_page_can_be_used_by_everybody(name: str, site: Site, tour: Tour) -> None:
    """axe in both languages and themes; at no width does the page scroll sideways; and it comes light enough to
    somebody who was never here.

    What axe looks at besides colours does not change with the theme, colours do not change with the language, nor does
    what is shown at one width only (a menu instead of the sidebar). Further ways to look at a page (filters, tabs) are
    looked at in one language; widths change with the words and are measured in both.
    """
    wrong: dict[str, list[str]] = {}

    def note(found: list[str], where: str) -> None:
        for each in found:
            wrong.setdefault(each, []).append(where)

    for language in ("en", "zh"):
        page = tour.window(name, language)
        for number, address in enumerate(addresses(name, site.known)):
            where = f"{address} {language}"
            answer = weighed(page, name, address) if (language, number) == ("en", 0) else page.goto(address)
            assert answer is not None
            assert answer.status == REGISTER[name].status, f"{where}: {answer.status}"
            if language == "en":
                note(looking.faults(page), where)
                looking.choose_theme(page, "dark")
                note(looking.faults(page, colours=True), f"{where} dark")
                looking.choose_theme(page, "light")
            elif number == 0:
                note(looking.faults(page, colours=False), where)
            for width in (1920, 1440, 768, 390):
                page.set_viewport_size({"width": width, "height": 900})
                note(looking.too_wide(page), f"{where} {width}")
            if language == "en" and number == 0:
                note(looking.faults(page), f"{where} 390")
            page.set_viewport_size({"width": 1440, "height": 900})
    assert not wrong, "\n".join(f"{fault}\n    at {', '.join(where)}" for fault, where in wrong.items())
