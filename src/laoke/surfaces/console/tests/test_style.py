"""What the style sheets promise."""

from __future__ import annotations

import re
from pathlib import Path

from laoke.foundation.web.appearance import THEMES
from laoke.surfaces.console.labels import CHANNELS
from laoke.surfaces.console.notices.kinds import KINDS
from laoke.surfaces.console.pages import NAVIGATION

STATIC = Path(__file__).parents[3] / "foundation" / "static" / "laoke"
CONSOLE = Path(__file__).parents[1]


def blocks(css):
    """The bodies of the two dark themes."""
    return [
        re.search(rf"{re.escape(selector)} \{{(.*?)\}}", css, re.S)[1]
        for selector in (':root[data-theme="dark"]', ":root:not([data-theme])")
    ]


def test_the_device_and_the_choice_lead_to_the_same_dark():
    chosen, by_device = blocks((STATIC / "tokens.css").read_text())
    assert chosen == by_device
    assert THEMES == ("light", "dark")


def luminance(colour):
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one, other):
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_words_can_be_read_in_both_themes():
    css = (STATIC / "tokens.css").read_text()
    light = re.search(r":root \{(.*?)\}", css, re.S)[1]
    for theme in (light, blocks(css)[0]):
        colour = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", theme))
        pairs = [
            (ink, ground)
            for ink in ("ink", "ink-2", "ink-3", "brand", "bad", "good", "danger")
            for ground in ("bg", "surface", "sunken")
        ]
        pairs += [
            ("on-brand", "brand"),
            ("brand-2", "brand-tint"),
            ("bad", "bad-tint"),
            ("danger", "danger-tint"),
            ("on-good-tint", "good-tint"),
        ]
        pairs += [
            (f"t-{tier}", ground)
            for tier in ("plain", "silver", "gold", "diamond")
            for ground in (f"t-{tier}-bg", "surface")
        ]
        pairs += [(f"on-{shade}", f"seq-{shade}") for shade in range(7)]
        for ink, ground in pairs:
            assert contrast(colour[ink], colour[ground]) >= 4.5, (ink, ground)


def test_every_icon_that_is_named_is_there():
    source = CONSOLE.parents[1]
    named = set()
    for kind in ("html", "py", "js"):
        for path in source.rglob(f"*.{kind}"):
            if "vendor" not in path.parts and "tests" not in path.parts:
                text = path.read_text()
                named |= set(re.findall(r"\bti-([a-z0-9-]+)(?![a-z0-9-]*\{)", text))
                # Icons that come as values: of navigation, notices, channels.
                named |= set(re.findall(r'icon="([a-z0-9-]+)"', text))
    drawn = set(re.findall(r"^\.ti-([a-z0-9-]+)\{", (STATIC / "icons.css").read_text(), re.M))
    assert {name for name in named if name.strip("-")} <= drawn
    values = [entry.icon for group in NAVIGATION for entry in group.entries]
    values += [group.icon for group in NAVIGATION] + [kind.icon for kind in KINDS.values()]
    values += [icon for _label, icon in CHANNELS.values()]
    assert set(values) <= drawn
