"""Every page of the console as a picture: `make screenshots`.

Builds the demo shop in a temporary home, starts it, and opens every page of the register (tests/pages.py) at 1440x900
and 390x844. Pictures that the documents show go to docs/images/, all others to var/screenshots/. `NAME ...` takes some
pages only. The shop has a seed and counts its history back from today: names and shapes stay, dates move on.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page

from tests.browser import chromium
from tests.browser.site import PASSWORD, Site, serving

ROOT = Path(__file__).parent.parent
DOCS, ALL = ROOT / "docs" / "images", ROOT / "var" / "screenshots"
DESK, PHONE = (1440, 900), (390, 844)
MEMBERS = 5_000
# Colours of a palette differ by more than this in red, green or blue, of 255.
_APART = 10


@dataclass(frozen=True)
class Shot:
    """A picture for the documents: which page, and how it is looked at."""

    page: str
    language: str = "zh"
    theme: str = "light"
    size: tuple[int, int] = DESK
    query: str = ""


PICTURES = {
    "overview-zh": Shot("overview"),
    "overview-en-dark": Shot("overview", "en", "dark"),
    "overview-390": Shot("overview", size=PHONE),
    "member-zh": Shot("member"),
}


def main() -> None:
    """Entry point."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help="pages by their names in the register; none: all")
    parser.add_argument("--members", type=int, default=MEMBERS, help="size of the shop")
    arguments = parser.parse_args()
    if chromium.find() is None:
        sys.exit(
            "No Chromium. Install it (Debian: apt-get install chromium fonts-noto-cjk) or set CHROMIUM to its path."
        )
    with chromium.running() as browser, serving(arguments.members) as site:
        _take(browser, site, arguments.names)


def _take(browser: Browser, site: Site, names: list[str]) -> None:
    paths = _paths(site, names)
    for folder in (DOCS, ALL):
        folder.mkdir(parents=True, exist_ok=True)
    owner = _Window(browser, site, "owner")
    for name, shot in PICTURES.items():
        if shot.page in paths:
            address = paths[shot.page][0].partition("?")[0] + shot.query
            _save(
                owner.show(address, shot.language, shot.theme, shot.size),
                DOCS / f"{name}.png",
                few_colours=True,
            )
    stranger = _Window(browser, site, None)
    for name, addresses in paths.items():
        window = stranger if name == "login" else owner
        for number, address in enumerate(addresses, start=1):
            label = name if number == 1 else f"{name}-{number}"
            for language, theme, size in (
                ("zh", "light", DESK),
                ("zh", "light", PHONE),
                ("en", "dark", DESK),
            ):
                page = window.show(address, language, theme, size)
                _save(page, ALL / f"{label}-{language}-{theme}-{size[0]}.png")
    print(f"{len(list(ALL.glob('*.png')))} pictures in {ALL}, {len(PICTURES)} in {DOCS}")


def _paths(site: Site, names: list[str]) -> dict[str, list[str]]:
    """The addresses of each page. The register needs Django; the shop's own settings are not touched by it."""
    import os

    os.environ.update(LAOKE_HOME=str(site.home), DJANGO_SETTINGS_MODULE="laoke.project.settings")
    import django

    django.setup()
    from tests.pages import REGISTER, Kind, addresses

    unknown = set(names) - set(REGISTER)
    if unknown:
        sys.exit(f"The register has no page {', '.join(sorted(unknown))}.")
    return {
        name: addresses(name, site.known)
        for name, entry in REGISTER.items()
        if entry.kind is Kind.PAGE and (name in names or not names)
    }


class _Window:
    """A window of somebody, shown in any language, theme and size."""

    def __init__(self, browser: Browser, site: Site, who: str | None) -> None:
        self._site = site
        self._context = browser.new_context(base_url=site.url, reduced_motion="reduce")
        self._page = self._context.new_page()
        if who is not None:
            self._page.goto("/login")
            self._page.fill("[name=username]", who)
            self._page.fill("[name=password]", PASSWORD)
            self._page.press("[name=password]", "Enter")
            self._page.wait_for_url(lambda address: "/login" not in address)

    def show(self, address: str, language: str, theme: str, size: tuple[int, int]) -> Page:
        """The page, quiet."""
        choices = {"django_language": "zh-hans" if language == "zh" else "en", "laoke_theme": theme}
        self._context.add_cookies(
            [{"name": name, "value": value, "url": self._site.url} for name, value in choices.items()]
        )
        self._page.set_viewport_size({"width": size[0], "height": size[1]})
        self._page.goto(address, wait_until="networkidle")
        self._page.evaluate("() => document.fonts.ready")
        return self._page


def _save(page: Page, path: Path, *, few_colours: bool = False) -> None:
    shot = page.screenshot(animations="disabled", caret="hide")
    if few_colours:
        _few_colours(Image.open(BytesIO(shot)).convert("RGB")).save(path, optimize=True)
    else:
        path.write_bytes(shot)
    print(path.relative_to(ROOT), path.stat().st_size // 1024, "KiB", flush=True)


def _few_colours(picture: Image.Image) -> Image.Image:
    """With a palette: a third of the size, and no eye sees it.

    The palette holds the colours in order of their area, none close to another. Quantisers that average would lose
    the small ones, and the tiers are small chips.
    """
    palette: list[tuple[int, int, int]] = []
    found = picture.getcolors(1 << 24) or []
    for _, colour in sorted(found, reverse=True):
        if all(max(abs(a - b) for a, b in zip(colour, other, strict=True)) > _APART for other in palette):
            palette.append(colour)
        if len(palette) == 256:
            break
    holder = Image.new("P", (1, 1))
    holder.putpalette([part for colour in palette for part in colour])
    return picture.quantize(palette=holder, dither=Image.Dither.NONE)


if __name__ == "__main__":
    main()
