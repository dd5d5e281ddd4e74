"""What is still wrong with a draft, in the language of the page."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from django.utils.translation import gettext_lazy as _l

# As the documents say it, and as people read it. What is not here is shown as it is said.
_KNOWN: tuple[tuple[str, Any], ...] = (
    (r"is missing", _l("is missing")),
    (r"there is no such field", _l("there is no such field")),
    (r"takes an amount of money like 19\.90", _l("takes an amount of money like 19.90")),
    (r"takes an amount of money that is not negative", _l("takes an amount of money that is not negative")),
    (r"takes percent like 12\.5", _l("takes percent like 12.5")),
    (r"takes percent above 0 and up to 100", _l("takes percent above 0 and up to 100")),
    (r"takes percent with at most four decimals", _l("takes percent with at most four decimals")),
    (r"takes at least one value", _l("takes at least one value")),
    (r".* is no whole number", _l("takes a whole number")),
    (r".* is no amount of money", _l("takes an amount of money like 19.90")),
    (r".* is no date like .*", _l("takes a date like 2026-11-22")),
    (r".* is no time like .*", _l("takes a time like 18:30")),
    (r".* is no code", _l("is missing")),
    (r"ends before it starts", _l("The last day is before the first one.")),
    (r"an even pace needs starts and ends", _l("An even pace needs a first and a last day.")),
    (r"pacing and alarm_at need a budget", _l("Pace and alarms need a budget.")),
    (r"the steps overlap.*", _l("Steps overlap: each has to begin above the one before.")),
    (r"a higher step gives less than the one before", _l("A higher step gives less than the one before.")),
    (r"the steps are all by amount or all by quantity", _l("Steps go all by amount or all by pieces.")),
    (r"takes either .*", _l("is missing")),
    (r"pay has to be less than buy", _l("Fewer are paid for than are taken.")),
    (r"a bundle has at least two units", _l("A bundle has at least two pieces.")),
    (r"more would be off than was reached", _l("More would be off than was reached.")),
    (r"reaching takes an amount above zero", _l("takes an amount above zero")),
    (r"without max_times .*", _l("Say at most how many times; a large basket would take any number.")),
    (r"cannot be published yet", _l("cannot be published yet")),
    (r"Input should be a valid integer.*", _l("takes a whole number")),
    (r"Input should be (greater|less) than.*", _l("is not within what is allowed")),
    (r"(List|Tuple) should have at least 1 item.*", _l("needs at least one")),
    (r"String should have at least.*", _l("is missing")),
    (r"Input should be '.*", _l("takes one of the choices")),
    (r"Input should be a valid date.*", _l("takes a date like 2026-11-22")),
)
_PATTERNS: tuple[tuple[Callable[[str], Any], Any], ...] = tuple(
    (re.compile(pattern, re.DOTALL).fullmatch, words) for pattern, words in _KNOWN
)


def said(fault: str) -> str:
    """A fault in the language of the page."""
    return next((str(words) for matches, words in _PATTERNS if matches(fault)), fault)
