"""What browsers say of themselves, in two words that a person recognises."""

from __future__ import annotations

import re

# The first that matches counts: nearly every browser also claims to be Chrome or Safari.
_BROWSERS = (
    ("WeChat", re.compile(r"MicroMessenger/(\d+)")),
    ("Edge", re.compile(r"Edg(?:e|A|iOS)?/(\d+)")),
    ("Opera", re.compile(r"OPR/(\d+)")),
    ("QQ Browser", re.compile(r"QQBrowser/(\d+)")),
    ("UC Browser", re.compile(r"UCBrowser/(\d+)")),
    ("Samsung Internet", re.compile(r"SamsungBrowser/(\d+)")),
    ("Firefox", re.compile(r"(?:Firefox|FxiOS)/(\d+)")),
    ("Chrome", re.compile(r"(?:Chrome|CriOS)/(\d+)")),
    ("Safari", re.compile(r"Version/(\d+)[\d.]* .*Safari/")),
)
_SYSTEMS = (
    ("HarmonyOS", "harmonyos"),
    ("HarmonyOS", "openharmony"),
    ("Android", "android"),
    ("iPhone", "iphone"),
    ("iPad", "ipad"),
    ("Windows", "windows"),
    ("macOS", "mac os x"),
    ("ChromeOS", "cros"),
    ("Linux", "linux"),
)


def readable(user_agent: str) -> str:
    """Browser and system, "Chrome 131 · Windows"; empty when neither is recognised. At most 60 characters."""
    said = user_agent[:500]
    browser = next(
        (f"{name} {found[1][:4]}" for name, pattern in _BROWSERS if (found := pattern.search(said))), ""
    )
    lower = said.lower()
    system = next((name for name, mark in _SYSTEMS if mark in lower), "")
    return " · ".join(part for part in (browser, system) if part)
