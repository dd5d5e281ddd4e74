"""What a page looks like to a machine: its faults of accessibility, its width, its weight."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from playwright.sync_api import BrowserContext, Page, Response, expect

AXE = Path(__file__).parent / "vendor" / "axe.min.js"
TAGS = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa")
# The rules that look at colours: all that another theme can break.
OF_COLOUR = ("color-contrast", "link-in-text-block")

_RUN = """
async ([only, without]) => {
    const rules = Object.fromEntries(without.map(rule => [rule, {enabled: false}]))
    const found = await axe.run(document, {runOnly: only, rules, resultTypes: ['violations'], elementRef: false})
    return found.violations.map(each => ({
        rule: each.id, help: each.help,
        nodes: each.nodes.map(node => node.target.join(' ') + ' | ' + node.html.slice(0, 160)
            + (each.id === 'color-contrast' ? ' | ' + node.any.map(why => why.message).join('; ') : ''))}))
}
"""
_WIDER = """
() => {
    const page = document.scrollingElement
    if (page.scrollWidth <= innerWidth) return []
    // What sticks out: the innermost elements that reach beyond the window and do not scroll within another.
    const out = [...document.querySelectorAll('body *')].filter(each => {
        const box = each.getBoundingClientRect()
        if (box.width === 0 || box.right <= innerWidth + 0.5) return false
        let free = getComputedStyle(each).position === 'absolute'
        for (let up = each.parentElement; up && up !== document.body; up = up.parentElement) {
            const style = getComputedStyle(up)
            // What is placed absolutely is cut off only by the box it is placed in, or one further out.
            if (free && style.position === 'static') continue
            if (style.overflowX !== 'visible') return false
            free = style.position === 'absolute'
        }
        return true
    })
    return ['page ' + page.scrollWidth + ' px wide in ' + innerWidth,
        ...out.slice(0, 5).map(each => each.tagName.toLowerCase() + '.' + (each.getAttribute('class') || '')
            + ' to ' + Math.round(each.getBoundingClientRect().right))]
}
"""
# The server's word for a theme stands in the page; changing it there shows the same page in the other one.
_THEME = """
theme => {
    document.documentElement.setAttribute('data-theme', theme)
    document.querySelector('meta[name=color-scheme]').content = theme
}
"""


@cache
def _axe() -> str:
    return AXE.read_text(encoding="utf-8")


def arrived(page: Page, address: re.Pattern[str]) -> None:
    """Wait until the page of that address is there with its scripts: a key pressed earlier is heard by nobody."""
    expect(page).to_have_url(address)
    page.wait_for_load_state("load")


def prepare(context: BrowserContext) -> None:
    """Have axe in every page of a context: quicker than handing it over page by page."""
    context.add_init_script(_axe())


def faults(page: Page, *, colours: bool | None = None) -> list[str]:
    """What axe finds: a line for each element, with the rule it breaks.

    Args:
        colours: True for the rules that look at colours alone, False for all others, None for all.
    """
    page.wait_for_load_state("load")
    if not page.evaluate("() => 'axe' in window"):
        page.evaluate(_axe())
    only = {"type": "rule", "values": OF_COLOUR} if colours else {"type": "tag", "values": TAGS}
    without = OF_COLOUR if colours is False else ()
    found: list[dict[str, Any]] = page.evaluate(_RUN, [only, without])
    return [f"{each['rule']} ({each['help']}): {node}" for each in found for node in each["nodes"]]


def too_wide(page: Page) -> list[str]:
    """Why the page scrolls sideways, at the width it has now; empty when it does not."""
    found: list[str] = page.evaluate(_WIDER)
    return found


def choose_theme(page: Page, theme: str) -> None:
    """Show the page that is open in "light" or "dark"."""
    page.evaluate(_THEME, theme)


class Weight:
    """What came over the wire, in bytes as sent: bodies, compressed or not, without headers."""

    def __init__(self) -> None:
        self._answers: list[Response] = []

    def note(self, answer: Response) -> None:
        """Count an answer in."""
        if not answer.url.startswith("data:"):
            self._answers.append(answer)

    def parts(self) -> dict[str, int]:
        """By address."""
        return {answer.url: max(answer.request.sizes()["responseBodySize"], 0) for answer in self._answers}

    def bytes(self) -> int:
        """Together."""
        return sum(self.parts().values())


@contextmanager
def weighing(page: Page) -> Iterator[Weight]:
    """Weigh what the window loads in the block, without its cache."""
    weight = Weight()
    session = page.context.new_cdp_session(page)
    session.send("Network.setCacheDisabled", {"cacheDisabled": True})
    page.on("response", weight.note)
    try:
        yield weight
    finally:
        page.remove_listener("response", weight.note)
        session.detach()
