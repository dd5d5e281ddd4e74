"""The form of the tier rules: what of a ladder is edited in fields, and the document that comes of it.

What has no field (groups of alternatives, points earned, interactions, validity, prices, whole windows) is kept as it
stands.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.utils.translation import pgettext_lazy as _in

from laoke.engine.policy import BadPolicy
from laoke.engine.tiering import Criterion, Downgrade, Fall, Ladder, Metric, Review, Tier, Upgrade
from laoke.kernel.errors import LaokeError
from laoke.kernel.money import minor_digits
from laoke.surfaces.console.forms import Form, Seen
from laoke.surfaces.console.naming import Named, tier_name
from laoke.surfaces.console.templatetags.figures import named
from laoke.tiers import ladder as ladders

LONGEST_NAME = 40
LONGEST_WINDOW = 120
MOST = 1_000_000_000
METRICS = (Metric.PURCHASES, Metric.SPEND)
REVIEWS = (
    (Review.QUARTERLY.value, gettext_lazy("every quarter")),
    (Review.MONTHLY.value, gettext_lazy("every month")),
    (Review.NEVER.value, gettext_lazy("never")),
)
UPGRADES = (
    (Upgrade.AT_ONCE.value, _in("moving up", "with the purchase that reaches the tier")),
    (Upgrade.AT_REVIEW.value, _in("moving up", "on review days")),
)
FALLS = (
    (Fall.AT_REVIEW.value, _in("moving down", "on review days")),
    (Fall.AT_ONCE.value, _in("moving down", "as soon as the criteria hold no longer")),
    (Fall.AT_PERIOD_END.value, _in("moving down", "at the end of the tier’s period")),
    (Fall.NEVER.value, _in("moving down", "never")),
)
DOWNGRADES = (
    (Downgrade.TO_QUALIFIED.value, gettext_lazy("to what is still qualified for")),
    (Downgrade.ONE_STEP.value, gettext_lazy("one step")),
)


@dataclass(frozen=True, slots=True)
class Slot:
    """The fields of one criterion. `place` is its number among the needs of the tier, None for one to be added.

    `unit`: "months" or "days" where the window has a length, else "" and `criterion` has a whole one.
    """

    code: str
    metric: Metric
    place: int | None
    criterion: Criterion | None

    @property
    def at_least(self) -> str:
        """Name of the field of the threshold."""
        return f"at_{self._key}"

    @property
    def length(self) -> str:
        """Name of the field of the window."""
        return f"within_{self._key}"

    @property
    def unit(self) -> str:
        """What the window is counted in."""
        if self.criterion is None or self.criterion.window.months:
            return "months"
        return "days" if self.criterion.window.days else ""

    @property
    def _key(self) -> str:
        return f"{self.code}_{self.metric.value if self.place is None else self.place}"


def slots(tier: Tier) -> Iterator[Slot]:
    """The criteria of a tier that have fields, and one of each metric that it asks nothing of."""
    asked = [
        Slot(tier.code, need.metric, place, need)
        for place, need in enumerate(tier.needs)
        if isinstance(need, Criterion) and need.metric in METRICS
    ]
    yield from asked
    for metric in METRICS:
        if all(slot.metric is not metric for slot in asked):
            yield Slot(tier.code, metric, None, None)


def whole(amount: Decimal | int, metric: Metric) -> int:
    """A threshold as ladders have it: minor units, or a count."""
    return (
        int(amount * 10 ** minor_digits(settings.LAOKE.currency)) if metric is Metric.SPEND else int(amount)
    )


class RulesForm(Seen, Form):
    """Thresholds and windows of every tier, names, and how members move. An empty threshold drops its criterion."""

    review = forms.ChoiceField(label=gettext_lazy("Reviews"), choices=REVIEWS)
    upgrade = forms.ChoiceField(label=_in("ladder", "Moving up"), choices=UPGRADES)
    fall = forms.ChoiceField(label=_in("ladder", "Moving down"), choices=FALLS)
    downgrade = forms.ChoiceField(label=gettext_lazy("How far down"), choices=DOWNGRADES)

    def __init__(self, ladder: Ladder, data: Any = None) -> None:
        self.ladder = ladder
        self._places: dict[tuple[int, int], Slot] = {}
        initial: dict[str, Any] = {
            name: getattr(ladder, name).value for name in ("review", "upgrade", "fall", "downgrade")
        }
        super().__init__(data, initial=initial)
        for rank, tier in enumerate(ladder.tiers):
            self._add_names(tier)
            if rank:
                for slot in slots(tier):
                    self._add(tier, slot)

    def _add_names(self, tier: Tier) -> None:
        for language, label in (("zh", _("Name in Chinese")), ("en", _("Name in English"))):
            name = f"name_{language}_{tier.code}"
            self.fields[name] = forms.CharField(label=label, max_length=LONGEST_NAME)
            self.initial[name] = getattr(tier, f"name_{language}")

    def _add(self, tier: Tier, slot: Slot) -> None:
        told = {"tier": named(tier_name(tier))}
        self.fields[slot.at_least] = amount_field(
            slot.metric,
            (_("%(tier)s: amount paid") if slot.metric is Metric.SPEND else _("%(tier)s: purchases")) % told,
        )
        if slot.unit:
            self.fields[slot.length] = length_field(
                (
                    _("%(tier)s: within how many months")
                    if slot.unit == "months"
                    else _("%(tier)s: within how many days")
                )
                % told,
                LONGEST_WINDOW if slot.unit == "months" else LONGEST_WINDOW * 31,
            )
        if need := slot.criterion:
            self.initial[slot.at_least] = shown(need.at_least, slot.metric)
            if slot.unit:
                self.initial[slot.length] = need.window.months or need.window.days

    def clean(self) -> dict[str, Any]:
        """A threshold needs the length of its window."""
        values: dict[str, Any] = super().clean() or self.cleaned_data
        for tier in self.ladder.tiers[1:]:
            for slot in slots(tier):
                needed = values.get(slot.at_least) and slot.unit and slot.length not in self.errors
                if needed and not values.get(slot.length):
                    self.add_error(slot.length, _("Say within how long."))
        return values

    def document(self) -> dict[str, Any]:
        """The ladder as the form has it; call when it is valid."""
        values = self.cleaned_data
        document = ladders.to_document(self.ladder) | {
            name: values[name] for name in ("review", "upgrade", "fall", "downgrade")
        }
        for rank, (tier, written) in enumerate(zip(self.ladder.tiers, document["tiers"], strict=True)):
            written["name_zh"], written["name_en"] = (
                values[f"name_{each}_{tier.code}"] for each in ("zh", "en")
            )
            if rank:
                written["needs"] = self._needs(rank, tier, written["needs"])
        return document

    def _needs(self, rank: int, tier: Tier, before: list[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
        edited = {slot.place: slot for slot in slots(tier) if slot.place is not None}
        found: list[Mapping[str, Any]] = []
        for place, need in enumerate(before):
            slot = edited.get(place)
            if slot is None:
                found.append(need)
            elif at_least := self.cleaned_data.get(slot.at_least):
                self._places[rank, len(found)] = slot
                length = {slot.unit: self.cleaned_data[slot.length]} if slot.unit else {}
                found.append({**need, **length, "at_least": whole(at_least, slot.metric)})
        for slot in slots(tier):
            if slot.place is None and (at_least := self.cleaned_data.get(slot.at_least)):
                self._places[rank, len(found)] = slot
                found.append(need_document(slot.metric, at_least, self.cleaned_data[slot.length]))
        return found

    def refused(self, error: LaokeError) -> None:
        """What stands against the ladder stands at the field it is about."""
        if not isinstance(error, BadPolicy):
            super().refused(error)
            return
        field, text = self._at(str(error.extensions["field"]), error.detail)
        self.add_error(field if field in self.fields else None, text)

    def _at(self, place: str, detail: str) -> tuple[str | None, str]:
        if place == "ladder.upgrade":
            return "upgrade", _("Without reviews nobody moves up on a review day.")
        if place == "ladder.fall":
            return "fall", _("No tier has a period that could end.")
        if found := re.fullmatch(r"ladder\.tiers\[(\d+)\]\.needs\[(\d+)\]\.(\w+)", place):
            slot = self._places.get((int(found[1]), int(found[2])))
            if slot is not None:
                return slot.at_least if found[3] == "at_least" else slot.length, detail
        for tier in self.ladder.tiers[1:]:
            if place == f"tiers.{tier.code}":
                mine = list(slots(tier))
                if less := re.search(r"asks less (\w+) than", detail):
                    name = next((slot.at_least for slot in mine if slot.metric.value == less[1]), None)
                    return name, _("Asks for less than the tier below it.")
                if not any(self.cleaned_data.get(slot.at_least) for slot in mine):
                    return mine[0].at_least, _("A tier above the lowest needs at least one criterion.")
        return None, detail


def need_document(metric: Metric, at_least: Decimal | int, months: int) -> dict[str, Any]:
    """A criterion as ladder documents have it."""
    return {"metric": metric.value, "months": months, "at_least": whole(at_least, metric)}


def amount_field(metric: Metric, label: str) -> forms.Field:
    """The field of a threshold."""
    attributes = {"class": "inp num", "autocomplete": "off", "size": "6"}
    if metric is Metric.SPEND:
        return forms.DecimalField(
            label=label,
            required=False,
            min_value=Decimal("0.01"),
            max_value=MOST,
            decimal_places=minor_digits(settings.LAOKE.currency),
            widget=forms.TextInput(attrs={**attributes, "inputmode": "decimal"}),
        )
    return forms.IntegerField(
        label=label,
        required=False,
        min_value=1,
        max_value=100_000,
        widget=forms.TextInput(attrs={**attributes, "inputmode": "numeric", "size": "3"}),
    )


def length_field(label: str, most: int) -> forms.Field:
    """The field of the length of a window."""
    attributes = {"class": "inp num", "autocomplete": "off", "size": "2", "inputmode": "numeric"}
    return forms.IntegerField(
        label=label, required=False, min_value=1, max_value=most, widget=forms.TextInput(attrs=attributes)
    )


def shown(at_least: int, metric: Metric) -> str:
    """A threshold as its field has it."""
    if metric is not Metric.SPEND:
        return str(at_least)
    digits = minor_digits(settings.LAOKE.currency)
    return f"{Decimal(at_least).scaleb(-digits):.{digits if at_least % 10**digits else 0}f}"


class TierForm(Form):
    """A tier to be put between two others."""

    below = forms.ChoiceField(label=gettext_lazy("Right above"))
    code = forms.RegexField(
        r"^[A-Za-z0-9_]{1,20}\Z",
        label=_in("tier", "Code"),
        max_length=20,
        help_text=gettext_lazy("Letters, digits and underscores. It cannot be changed later."),
        error_messages={"invalid": gettext_lazy("Takes 1 to 20 letters, digits and underscores.")},
    )
    name_zh = forms.CharField(label=gettext_lazy("Name in Chinese"), max_length=LONGEST_NAME)
    name_en = forms.CharField(label=gettext_lazy("Name in English"), max_length=LONGEST_NAME)

    def __init__(self, ladder: Ladder, data: Any = None) -> None:
        super().__init__(data)
        self.ladder = ladder
        self.fields["below"].choices = [  # type: ignore[attr-defined]
            (tier.code, named(tier_name(tier))) for tier in reversed(ladder.tiers)
        ]
        self.fields["purchases"] = amount_field(Metric.PURCHASES, _("Purchases, at least"))
        self.fields["spend"] = amount_field(Metric.SPEND, _("Amount paid, at least"))
        self.fields["months"] = length_field(_("Within how many months"), LONGEST_WINDOW)
        self.fields["months"].initial = 3

    def clean_code(self) -> str:
        """No other tier has it."""
        code = str(self.cleaned_data["code"])
        if any(code == tier.code for tier in self.ladder.tiers):
            raise forms.ValidationError(_("Another tier has this code."))
        return code

    def clean(self) -> dict[str, Any]:
        """It asks for something, within some months."""
        values: dict[str, Any] = super().clean() or self.cleaned_data
        if not self.errors.keys() & {"purchases", "spend"} and not (
            values.get("purchases") or values.get("spend")
        ):
            self.add_error("purchases", _("A tier above the lowest needs at least one criterion."))
        if "months" not in self.errors and not values.get("months"):
            self.add_error("months", _("Say within how long."))
        return values

    def document(self) -> dict[str, Any]:
        """The ladder with the tier in it; call when the form is valid."""
        values = self.cleaned_data
        document = ladders.to_document(self.ladder)
        tier = {
            **{name: values[name] for name in ("code", "name_zh", "name_en")},
            "needs": [
                need_document(metric, values[name], values["months"])
                for metric, name in ((Metric.PURCHASES, "purchases"), (Metric.SPEND, "spend"))
                if values.get(name)
            ],
        }
        document["tiers"].insert(self.ladder.rank(values["below"]) + 1, tier)
        return document

    def refused(self, error: LaokeError) -> None:
        """What the tier asks for does not fit the ones around it."""
        if isinstance(error, BadPolicy) and (less := re.search(r"asks less (\w+) than", error.detail)):
            mine = str(error.extensions["field"]) == f"tiers.{self.cleaned_data['code']}"
            text = (
                _("Asks for less than the tier below it.")
                if mine
                else _("Asks for more than the tier above it.")
            )
            self.add_error(less[1] if less[1] in self.fields else None, text)
            return
        super().refused(error)


def inserted(before: Ladder, after: Ladder) -> frozenset[str]:
    """Codes of the tiers that the ladder in force does not have."""
    return frozenset(tier.code for tier in after.tiers) - {tier.code for tier in before.tiers}


def name_of(ladder: Ladder, code: str) -> Named:
    """The name of a tier; its code where the ladder has no such tier."""
    found = next((tier for tier in ladder.tiers if tier.code == code), None)
    return Named(code, code) if found is None else tier_name(found)
