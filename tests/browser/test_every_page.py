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
    """axe over every way to look at it, in both languages and themes; and at no width does the page scroll sideways.

    Sideways scrolling depends on the words, so both languages are measured; colours do not depend on the width.
    """
    wrong = []
    for language in ("en", "zh"):
        page = window(_who(name), language=language)
        for address in addresses(name, site.known):
            answer = page.goto(address)
            assert answer is not None
            assert answer.status == 200, address
            for theme in ("light", "dark"):
                looking.choose_theme(page, theme)
                wrong += [f"{address} {language} {theme}: {fault}" for fault in looking.faults(page)]
            for width in looking.WIDTHS:
                page.set_viewport_size({"width": width, "height": 900})
                wrong += [f"{address} {language} {width}: {reason}" for reason in looking.too_wide(page)]
            # Narrow pages hide the sidebar and show a menu: other elements to look at.
            page.set_viewport_size({"width": 390, "height": 844})
            if language == "en":
                wrong += [f"{address} {language} 390: {fault}" for fault in looking.faults(page)]
            page.set_viewport_size({"width": 1440, "height": 900})
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_light(name: str, site: Site, window: Open) -> None:
    most = WITH_CHARTS if REGISTER[name].charts else LIGHT
    page = window(_who(name))
    weight = looking.Weight(page)
    page.goto(addresses(name, site.known)[0], wait_until="networkidle")
    heaviest = sorted(weight.parts().items(), key=lambda part: -part[1])[:6]
    assert weight.bytes() <= most, heaviest
