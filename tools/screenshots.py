"""Every page of the console as a picture: `make screenshots`.

Builds the demo shop, starts it, and opens every page of the register (tests/pages.py), whole, at the widths 1440 and
390, in Chinese by day and in English by night: var/screenshots/. What the documents show goes to docs/images/. A run
that was broken off is taken up again where it stopped, in the same shop, for six hours. `NAME ...` takes some pages
only, `--keep` leaves the shop for the next run, `--anew` begins from nothing. The shop has a seed and counts its
history back from today: names and shapes stay, dates move on.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import time
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page
from playwright.sync_api import Error as PlaywrightError

from tests.browser import chromium
from tests.browser.site import PASSWORD, Site, serving

ROOT = Path(__file__).parent.parent
DOCS, ALL = ROOT / "docs" / "images", ROOT / "var" / "screenshots"
SHOP = ALL / "shop"
DESK, PHONE = (1440, 900), (390, 844)
MEMBERS = 5_000
# Longer, and its figures would be of yesterday.
_SAME_SHOP_SECONDS = 6 * 3600
# Charts draw themselves anew for another width.
_SETTLE_MS = 150
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


# Those that README and docs/ lead to, and no others.
PICTURES = {"overview-zh": Shot("overview"), "member-zh": Shot("member")}
LOOKS = (("zh", "light"), ("en", "dark"))


def main() -> None:
    """Entry point."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help="pages by their names in the register; none: all")
    parser.add_argument("--members", type=int, default=MEMBERS, help="size of the shop")
    parser.add_argument("--keep", action="store_true", help="leave the shop for the next run")
    parser.add_argument("--anew", action="store_true", help="take up nothing that is there")
    arguments = parser.parse_args()
    if chromium.find() is None:
        sys.exit(
            "No Chromium. Install it (Debian: apt-get install chromium fonts-noto-cjk) or set CHROMIUM to its path."
        )
    for folder in (DOCS, ALL):
        folder.mkdir(parents=True, exist_ok=True)
    since = None if arguments.anew else _begun()
    if since is None:
        shutil.rmtree(SHOP, ignore_errors=True)
    with chromium.running() as browser, serving(arguments.members, home=SHOP) as site:
        tour = _Tour(browser, site, arguments.names, since)
        tour.go()
    if tour.faults:
        sys.exit("\n".join((f"{tour.taken} pictures taken; not these:", *tour.faults)))
    if not arguments.keep:
        shutil.rmtree(SHOP)
    print(f"{tour.taken} pictures taken, {len(list(ALL.glob('*.png')))} in {ALL}, {len(PICTURES)} in {DOCS}")


def _begun() -> float | None:
    """When the shop of a run that was broken off was built; None without one that is still young."""
    built = SHOP / "site.json"
    if not built.exists():
        return None
    when = built.stat().st_mtime
    return when if time.time() - when < _SAME_SHOP_SECONDS else None


class _Tour:
    """Takes the pictures of some pages, all when none is named. `faults` are those it could not take."""

    def __init__(self, browser: Browser, site: Site, names: list[str], since: float | None) -> None:
        self._names, self._since = names, since
        self._paths, self._statuses = _paths(site, names)
        self._owner = _Window(browser, site, "owner")
        self._stranger = _Window(browser, site, None)
        self.taken = 0
        self.faults: list[str] = []

    def go(self) -> None:
        """Take them; a page that fails does not stop the others."""
        for name, shot in PICTURES.items():
            if shot.page in self._paths:
                self._for_documents(name, shot)
        wanted = set()
        for name, addresses in self._paths.items():
            for number, address in enumerate(addresses, start=1):
                label = name if number == 1 else f"{name}-{number}"
                for language, theme in LOOKS:
                    files = {
                        size: ALL / f"{label}-{language}-{theme}-{size[0]}.png" for size in (DESK, PHONE)
                    }
                    wanted |= set(files.values())
                    if not all(self._there(path) for path in files.values()):
                        self._look(name, address, language, theme, files)
        if not self._names and not self.faults:
            for path in set(ALL.glob("*.png")) - wanted:
                path.unlink()

    def _there(self, path: Path) -> bool:
        since = self._since
        return since is not None and not self._names and path.exists() and path.stat().st_mtime > since

    def _for_documents(self, name: str, shot: Shot) -> None:
        path = DOCS / f"{name}.png"
        if self._there(path):
            return
        address = self._paths[shot.page][0].partition("?")[0] + shot.query
        page = self._owner.show(address, shot.language, shot.theme, shot.size, 200)
        picture = page.screenshot(animations="disabled", caret="hide")
        _few_colours(Image.open(BytesIO(picture)).convert("RGB")).save(path, optimize=True)
        self._told(path)

    def _look(
        self, name: str, address: str, language: str, theme: str, files: dict[tuple[int, int], Path]
    ) -> None:
        """One page at both widths, loaded once."""
        window = self._stranger if name == "login" else self._owner
        try:
            page = window.show(address, language, theme, DESK, self._statuses[name])
            for size, path in files.items():
                page.set_viewport_size({"width": size[0], "height": size[1]})
                page.wait_for_timeout(_SETTLE_MS)
                page.screenshot(path=path, full_page=True, animations="disabled", caret="hide")
                self._told(path)
        except (PlaywrightError, _Refused) as error:
            self.faults.append(f"{name} {address} {language}: {str(error).splitlines()[0]}")
            print(self.faults[-1], flush=True)

    def _told(self, path: Path) -> None:
        self.taken += 1
        print(path.relative_to(ROOT), path.stat().st_size // 1024, "KiB", flush=True)


def _paths(site: Site, names: list[str]) -> tuple[dict[str, list[str]], dict[str, int]]:
    """The addresses of each page and what it answers. The register needs Django; the shop is not touched by it."""
    os.environ.update(LAOKE_HOME=str(site.home), DJANGO_SETTINGS_MODULE="laoke.project.settings")
    import django

    django.setup()
    from tests.pages import REGISTER, Kind, addresses

    unknown = set(names) - set(REGISTER)
    if unknown:
        sys.exit(f"The register has no page {', '.join(sorted(unknown))}.")
    pages = {
        name: entry
        for name, entry in REGISTER.items()
        if entry.kind is Kind.PAGE and (name in names or not names)
    }
    return (
        {name: addresses(name, site.known) for name in pages},
        {name: entry.status for name, entry in pages.items()},
    )


class _Refused(Exception):
    """A page answered something else than it should."""


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

    def show(self, address: str, language: str, theme: str, size: tuple[int, int], status: int) -> Page:
        """The page, quiet.

        Raises:
            _Refused: it answers with another status.
        """
        choices = {"django_language": "zh-hans" if language == "zh" else "en", "laoke_theme": theme}
        self._context.add_cookies(
            [{"name": name, "value": value, "url": self._site.url} for name, value in choices.items()]
        )
        self._page.set_viewport_size({"width": size[0], "height": size[1]})
        answer = self._page.goto(address, wait_until="networkidle")
        if answer is None or answer.status != status:
            raise _Refused(f"answered {answer.status if answer else 'nothing'} instead of {status}")
        self._page.evaluate("() => document.fonts.ready")
        return self._page


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
