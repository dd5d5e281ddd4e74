"""Every page in the register: no fault of accessibility, no sideways scrolling, light enough."""

from __future__ import annotations

import pytest

from tests.browser import looking
from tests.browser.conftest import Open
from tests.browser.site import Site
from tests.pages import REGISTER, Kind, addresses

KIB = 1024
LIGHT, WITH_CHARTS = 90 * KIB, 250 * KIB
PAGES = [name for name, entry in REGISTER.items() if entry.kind is Kind.PAGE]


def _who(name: str) -> str | None:
    return None if REGISTER[name].public else "owner"


@pytest.mark.parametrize("name", PAGES)
def test_a_page_can_be_used_by_everybody(name: str, site: Site, window: Open) -> None:
    """axe in both languages and themes; and at no width does the page scroll sideways.

    What axe looks at besides colours does not change with the theme, and what is shown at one width only (a menu
    instead of the sidebar) does not change with the language. Further ways to look at a page (filters, tabs) are
    looked at in one language; widths change with the words and are measured in both.
    """
    wrong: dict[str, list[str]] = {}

    def note(found: list[str], where: str) -> None:
        for each in found:
            wrong.setdefault(each, []).append(where)

    for language in ("en", "zh"):
        page = window(_who(name), language=language)
        for number, address in enumerate(addresses(name, site.known)):
            where = f"{address} {language}"
            answer = page.goto(address)
            assert answer is not None
            assert answer.status == REGISTER[name].status, f"{where}: {answer.status}"
            if language == "en" or number == 0:
                note(looking.faults(page), where)
                looking.choose_theme(page, "dark")
                note(looking.faults(page, colours_only=True), f"{where} dark")
                looking.choose_theme(page, "light")
            for width in (1920, 1440, 768, 390):
                page.set_viewport_size({"width": width, "height": 900})
                note(looking.too_wide(page), f"{where} {width}")
            if language == "en" and number == 0:
                note(looking.faults(page), f"{where} 390")
            page.set_viewport_size({"width": 1440, "height": 900})
    assert not wrong, "\n".join(f"{fault}\n    at {', '.join(where)}" for fault, where in wrong.items())


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_light(name: str, site: Site, window: Open) -> None:
    most = WITH_CHARTS if REGISTER[name].charts else LIGHT
    page = window(_who(name))
    weight = looking.Weight(page)
    page.goto(addresses(name, site.known)[0], wait_until="networkidle")
    heaviest = sorted(weight.parts().items(), key=lambda part: -part[1])[:6]
    assert weight.bytes() <= most, heaviest
