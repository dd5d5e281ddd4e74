"""The picture and the table of the pricing figures: microseconds a basket against the number of live offers.

`make bench ARGS=pricing` makes both anew; `python -m benchmarks.growth_chart` makes them say what the stored result
says. The picture is an SVG without words, so that pages in every language can show it; its colours follow the reader's.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from math import ceil, log10
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
RESULT = ROOT / "benchmarks" / "results" / "pricing.json"
FILE = ROOT / "docs" / "images" / "pricing-growth.svg"
PAGE = ROOT / "docs" / "explanation" / "figures.md"
TABLE = re.compile(
    r"(?<=\| live offers \| median, us \| p99, us \|\n\| ---: \| ---: \| ---: \|\n)(?:\|.*\n)+"
)

WIDTH, HEIGHT = 720, 340
LEFT, RIGHT, TOP, BOTTOM = 56, 664, 24, 292
STYLE = """
text { font: 13px system-ui, sans-serif; fill: #5f6b6b; }
.grid { stroke: #d5dcdc; }
.limit { stroke: #b45309; stroke-dasharray: 6 5; }
.p50 { stroke: #00796b; stroke-width: 2.5; fill: none; }
.p99 { stroke: #7a8787; stroke-width: 1.5; fill: none; }
circle.p50 { fill: #00796b; stroke: none; }
circle.p99 { fill: #7a8787; stroke: none; }
text.p50 { fill: #00695c; stroke: none; font-weight: 600; }
text.p99 { fill: #5f6b6b; stroke: none; }
text.limit { fill: #b45309; stroke: none; }
@media (prefers-color-scheme: dark) {
  text, text.p99 { fill: #aab5b5; }
  .grid { stroke: #3c4747; }
  .limit { stroke: #f0a44b; }
  .p50 { stroke: #4db6ac; }
  .p99 { stroke: #8d9a9a; }
  circle.p50 { fill: #4db6ac; }
  circle.p99 { fill: #8d9a9a; }
  text.p50 { fill: #80cbc4; }
  text.limit { fill: #f0a44b; }
}
"""


def draw(result: dict[str, Any]) -> str:
    """The picture of a result of benchmarks/pricing.py."""
    points = result["growth"]
    lives = [each["live"] for each in points]
    twice = result["targets"]["ten_thousand_to_twenty"] * points[0]["median_us"]
    top = 50 * ceil(max(twice, *(each["p99_us"] for each in points)) / 50 + 0.2)
    first = LEFT + 30
    across = (RIGHT - first) / log10(lives[-1] / lives[0])

    def x(live: int) -> float:
        return round(first + across * log10(live / lives[0]), 1)

    def y(us: float) -> float:
        return round(BOTTOM - (BOTTOM - TOP) * us / top, 1)

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img">',
        f"<title>p50, p99: µs / n = {lives[0]} … {lives[-1]}</title>",
        f"<style>{STYLE}</style>",
    ]
    for us in range(0, top + 1, 100):
        parts.append(f'<path class="grid" d="M{LEFT} {y(us)}H{RIGHT}"/>')
        parts.append(f'<text x="{LEFT - 8}" y="{y(us) + 4:g}" text-anchor="end">{us}</text>')
    parts.append(f'<text x="{LEFT - 8}" y="{TOP - 8}" text-anchor="end">µs</text>')
    parts += [
        f'<text x="{x(live)}" y="{BOTTOM + 20}" text-anchor="middle">{_spaced(live)}</text>' for live in lives
    ]
    parts.append(f'<text x="{RIGHT}" y="{BOTTOM + 40}" text-anchor="end">n</text>')
    parts.append(f'<path class="limit" d="M{LEFT} {y(twice)}H{RIGHT}"/>')
    parts.append(f'<text class="limit" x="{RIGHT + 8}" y="{y(twice) + 4:g}">2 ×</text>')
    for kind, above in (("p99", True), ("p50", False)):
        parts += _line(kind, points, x, y, above=above)
    return "\n".join([*parts, "</svg>", ""])


def rows(result: dict[str, Any]) -> str:
    """The rows of the table of the page."""
    return "".join(
        f"| {each['live']:,} | {each['median_us']:.0f} | {each['p99_us']:.0f} |\n"
        for each in result["growth"]
    )


def refresh(result: dict[str, Any]) -> None:
    """Write the picture and the table."""
    FILE.write_text(draw(result), encoding="utf-8")
    page = PAGE.read_text(encoding="utf-8")
    PAGE.write_text(TABLE.sub(rows(result), page), encoding="utf-8")


def _line(
    kind: str,
    points: list[dict[str, Any]],
    x: Callable[[int], float],
    y: Callable[[float], float],
    *,
    above: bool,
) -> list[str]:
    values = [each["median_us" if kind == "p50" else "p99_us"] for each in points]
    places = [(x(each["live"]), y(us)) for each, us in zip(points, values, strict=True)]
    found = [f'<path class="{kind}" d="M{" ".join(f"{a} {b}" for a, b in places)}"/>']
    for (a, b), us in zip(places, values, strict=True):
        found.append(f'<circle class="{kind}" cx="{a}" cy="{b}" r="3.5"/>')
        found.append(
            f'<text class="{kind}" x="{a}" y="{b + (-10 if above else 21):g}" text-anchor="middle">{us:.0f}</text>'
        )
    a, b = places[-1]
    found.append(f'<text class="{kind}" x="{a + 14:g}" y="{b + 4:g}">{kind}</text>')
    return found


def _spaced(number: int) -> str:
    return f"{number:,}".replace(",", "\u202f")


if __name__ == "__main__":
    refresh(json.loads(RESULT.read_text(encoding="utf-8")))
