"""What pages of offers need: words for codes, receipts, bars of calendars."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any
from urllib.parse import urlencode

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.utils.translation import pgettext_lazy as _in

from laoke.surfaces.console.offers.form import BEARERS, GOALS, STAGES
from laoke.surfaces.console.offers.shapes import Box, boxes
from laoke.surfaces.console.offers.words import STATES
from laoke.surfaces.console.templatetags.figures import NONE, currency_sign, money

register = template.Library()

_CIRCLED = "①②③④⑤⑥⑦⑧⑨"
_KINDS: Mapping[str, Any] = {
    "published": _in("a version of an offer", "Published"),
    "paused": _in("a version of an offer", "Paused"),
    "resumed": _in("a version of an offer", "Gone on with"),
    "stopped": _in("a version of an offer", "Stopped in an emergency"),
    "ended": _in("a version of an offer", "Ended"),
}


@register.simple_tag
def offer_state(state: str) -> tuple[str, str]:
    """What a state is called, and its pill."""
    words, pill = STATES[str(state)]
    return str(words), pill


@register.simple_tag
def goals() -> Iterable[tuple[str, Any]]:
    """Codes of goals with their names."""
    return GOALS.items()


@register.simple_tag
def bearers() -> Iterable[tuple[str, Any]]:
    """Codes of bearers with their names."""
    return BEARERS.items()


@register.simple_tag
def goal_label(code: str) -> str:
    """What a goal is called."""
    return str(GOALS.get(code, NONE))


@register.simple_tag
def bearer_label(code: str) -> str:
    """Who bears the cost."""
    return str(BEARERS.get(code, NONE))


@register.simple_tag
def version_kind(kind: str) -> str:
    """What happened with a version."""
    return str(_KINDS[kind])


@register.simple_tag
def state_link(narrowed: Any, state: str) -> str:
    """The same list in another state."""
    return "?" + urlencode(
        {**{name: value for name, value in asdict(narrowed).items() if value}, "state": state}
    )


@register.simple_tag
def page_links(page: Any) -> tuple[str, str]:
    """The addresses of the neighbouring pages, "" where there is none."""
    given = {name: value for name, value in asdict(page.filter).items() if value}
    before = "?" + urlencode(given | {"page": page.page - 1}) if page.page > 1 else ""
    after = "?" + urlencode(given | {"page": page.page + 1}) if page.page < page.pages else ""
    return before, after


@register.simple_tag
def sign() -> str:
    """What stands before an amount."""
    return currency_sign().strip()


@register.simple_tag
def chosen_labels(box: Box) -> str:
    """What is ticked: all of it while it is short, else the first and how many more."""
    labels = [each.label.strip() for each in box.chosen]
    if not labels:
        return _("choose")
    if len(labels) <= 3:
        return _(", ").join(labels)
    return _("%(first)s and %(n)d more") % {"first": _(", ").join(labels[:2]), "n": len(labels) - 2}


@register.simple_tag
def labelled(tokens: Iterable[Any]) -> list[Box]:
    """The fields of a section, to be shown with their labels."""
    return list(boxes(tokens))


@dataclass(frozen=True, slots=True)
class StageShown:
    """A stage, and whether the offer runs in it."""

    label: str
    on: bool


@register.simple_tag
def stages(document: Mapping[str, Any]) -> list[StageShown]:
    """The stages in the order in which they run."""
    return [StageShown(str(label), document.get("stage") == code) for code, label in STAGES.items()]


@register.filter
def plain_money(minor: int | None) -> str:
    """An amount on a receipt: without the sign of the currency."""
    return money(minor).replace(currency_sign(), "", 1)


@register.filter
def run_on(texts: Iterable[str]) -> str:
    """Sentences one after the other: between Chinese ones there is no space."""
    return ("" if (get_language() or "").startswith("zh") else " ").join(texts)


@register.filter
def circled(place: int) -> str:
    """The number of a stage in a circle."""
    return _CIRCLED[place - 1] if 0 < place <= len(_CIRCLED) else str(place)


@register.simple_tag
def margin_track(margin: Any) -> SafeString:
    """Margin against its guard, on a scale up to the margin at list prices. The figures stand beside it."""
    whole = max(0.01, margin.before or 0, margin.share or 0, margin.guard or 0)
    behind = margin.share is not None and (
        margin.share < 0 or (margin.guard is not None and margin.share < margin.guard)
    )
    mark: SafeString | str = ""
    if margin.guard is not None:
        mark = format_html(
            '<rect class="notch" x="{}%" y="0" width="3" height="14" rx="1.5" transform="translate(-1.5)"/>',
            _of(margin.guard, whole),
        )
    return format_html(
        '<svg class="track{}" aria-hidden="true" focusable="false"><rect class="bed" y="4" width="100%" height="6" '
        'rx="3"/><rect class="way" y="4" width="{}%" height="6" rx="3"/>{}</svg>',
        " behind" if behind else "",
        _of(margin.share or 0, whole),
        mark,
    )


@register.simple_tag
def calendar_bar(lane: Any, today: float | None) -> SafeString:
    """The days on which an offer runs. The dates stand beside it in words."""
    state = STATES[lane.offer.row.state][1]
    parts = format_html_join(
        "",
        '<rect class="run {}" x="{}%" y="3" width="{}%" height="14" rx="4"/>',
        ((state, each.start, each.width) for each in lane.stretches),
    )
    now: SafeString | str = ""
    if today is not None:
        now = format_html('<line class="now" x1="{0}%" x2="{0}%" y1="0" y2="20"/>', round(today, 2))
    return format_html(
        '<svg class="span" aria-hidden="true" focusable="false"><rect class="bed" y="3" width="100%" height="14" '
        'rx="4"/>{}{}</svg>',
        parts,
        now,
    )


def _of(value: float, whole: float) -> str:
    return f"{max(0.0, min(1.0, value / whole)) * 100:.1f}"
