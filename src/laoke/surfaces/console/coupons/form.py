"""The form of a coupon template: its sections, its document, and the faults at their fields."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time
from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from laoke.benefits.coupons import codes, documents, templates
from laoke.benefits.coupons.documents import TemplateDocument
from laoke.benefits.coupons.errors import BadTemplate
from laoke.surfaces.console.coupons.words import KINDS, ON_RETURN, PLACES, STARTS, said
from laoke.surfaces.console.forms import Form

LONGEST_NAME = 100
LONGEST_TERMS = 2000
_MOST = 100_000_000
# Where a fault of the document is shown.
_FIELDS: Mapping[tuple[str, ...], str] = {
    ("name", "zh"): "zh",
    ("name", "en"): "en",
    ("terms", "zh"): "terms_zh",
    ("terms", "en"): "terms_en",
    ("kind",): "kind",
    ("valid", "from"): "since",
    ("valid", "until"): "until",
    ("valid", "days"): "days",
    ("valid", "hours"): "hours",
    ("valid", "starts"): "starts",
    ("valid",): "valid",
    ("transferable",): "transferable",
    ("limits", "per_member"): "per_member",
    ("limits", "in_total"): "in_total",
    ("on_return",): "on_return",
    ("grace_days",): "grace_days",
    ("code", "text"): "text",
    ("code", "prefix"): "begins",
    ("code", "length"): "length",
    ("code",): "begins",
    ("closed",): "closed",
}


def _count(label: Any, most: int, hint: Any = "", least: int = 1) -> forms.IntegerField:
    return forms.IntegerField(
        required=False,
        min_value=least,
        max_value=most,
        label=label,
        help_text=hint,
        widget=forms.NumberInput(attrs={"class": "inp num"}),
    )


def _day(label: Any) -> forms.DateField:
    return forms.DateField(
        required=False,
        label=label,
        input_formats=["%Y-%m-%d"],
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
    )


def _clock(label: Any) -> forms.TimeField:
    return forms.TimeField(
        required=False,
        label=label,
        input_formats=["%H:%M", "%H:%M:%S"],
        widget=forms.TimeInput(format="%H:%M", attrs={"type": "time"}),
    )


class TemplateForm(Form):
    """A template as people fill it in. What a kind does not have is refused when it is filled in, never dropped.

    Args:
        former: the template as it was published last, which is to be changed: its kind stays, and so does whatever the
            form does not show.
        copied: another template that a new one begins with.
    """

    zh = forms.CharField(max_length=LONGEST_NAME, label=PLACES["name.zh"])
    en = forms.CharField(
        max_length=LONGEST_NAME,
        label=PLACES["name.en"],
        help_text=gettext_lazy("For receipts in English."),
    )
    key = forms.CharField(
        max_length=templates.LONGEST_KEY,
        label=pgettext_lazy("of a coupon template", "Key"),
        help_text=gettext_lazy("Letters, digits and hyphens, such as thanks-10. It cannot be changed later."),
    )
    terms_zh = forms.CharField(
        required=False,
        max_length=LONGEST_TERMS,
        label=PLACES["terms.zh"],
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    terms_en = forms.CharField(
        required=False,
        max_length=LONGEST_TERMS,
        label=PLACES["terms.en"],
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    kind = forms.ChoiceField(
        label=PLACES["kind"],
        choices=list(KINDS.items()),
        initial="single_use",
        widget=forms.RadioSelect,
        help_text=gettext_lazy("It cannot be changed later."),
    )
    text = forms.CharField(
        required=False,
        max_length=32,
        label=PLACES["code.text"],
        help_text=gettext_lazy(
            "As it is announced, such as HELLO5. Capitals, spaces and hyphens do not matter."
        ),
        widget=forms.TextInput(attrs={"class": "inp num", "autocomplete": "off"}),
    )
    begins = forms.CharField(
        required=False,
        max_length=8,
        label=PLACES["code.prefix"],
        help_text=gettext_lazy("Optional, at most 8 characters; without 0, 1, I, O and U."),
        widget=forms.TextInput(attrs={"class": "inp num", "autocomplete": "off"}),
    )
    length = forms.IntegerField(
        required=False,
        min_value=codes.SHORTEST,
        max_value=codes.LONGEST,
        label=PLACES["code.length"],
        widget=forms.NumberInput(attrs={"class": "inp num", "placeholder": str(codes.LENGTH)}),
    )
    valid = forms.ChoiceField(
        label=gettext_lazy("Validity"),
        choices=(
            ("days", gettext_lazy("Days from issue")),
            ("hours", gettext_lazy("Hours from issue")),
            ("dates", gettext_lazy("Fixed dates")),
        ),
        initial="days",
        widget=forms.RadioSelect,
    )
    days = _count(
        pgettext_lazy("how long a coupon is valid", "Days"),
        3660,
        gettext_lazy("The last day counts to its midnight."),
    )
    hours = _count(pgettext_lazy("how long a coupon is valid", "Hours"), 8760)
    starts = forms.ChoiceField(
        required=False, label=PLACES["valid.starts"], choices=list(STARTS.items()), initial="at_once"
    )
    since = _day(PLACES["valid.from"])
    since_time = _clock(gettext_lazy("From the time"))
    until = _day(PLACES["valid.until"])
    until_time = _clock(gettext_lazy("Until before the time"))
    transferable = forms.BooleanField(required=False, label=PLACES["transferable"])
    per_member = _count(PLACES["limits.per_member"], _MOST, gettext_lazy("Empty: no limit."))
    in_total = _count(PLACES["limits.in_total"], _MOST, gettext_lazy("Empty: no limit."))
    on_return = forms.ChoiceField(
        required=False,
        label=PLACES["on_return"],
        choices=list(ON_RETURN.items()),
        initial="give_back",
        help_text=gettext_lazy("Asked when everything it was used on has come back."),
    )
    grace_days = _count(
        PLACES["grace_days"],
        365,
        gettext_lazy("For one that comes back when its time is over."),
        least=0,
    )
    closed = forms.BooleanField(
        required=False,
        label=PLACES["closed"],
        help_text=gettext_lazy("Those that are out stay good."),
    )

    def __init__(
        self,
        data: Any = None,
        *,
        former: TemplateDocument | None = None,
        copied: TemplateDocument | None = None,
    ) -> None:
        shown = former or copied
        super().__init__(data, initial={} if shown is None else _shown(shown, whole=former is not None))
        self.former = former
        if former is not None:
            del self.fields["key"]
            # Names were never bounded like this by the file.
            for name, words in (("zh", former.name.zh), ("en", former.name.en)):
                longest = max(LONGEST_NAME, len(words))
                self.fields[name] = forms.CharField(
                    max_length=longest, label=self.fields[name].label, help_text=self.fields[name].help_text
                )
            self.fields["kind"].disabled = True
            for name in _not_of(kind_of(former)):
                del self.fields[name]
            if former.announced:
                self.fields["valid"].disabled = True

    def clean_key(self) -> str:
        """A key that can be one; whether another template has it is asked when it is published."""
        key: str = self.cleaned_data["key"]
        if not templates.is_key(key):
            raise forms.ValidationError(_("A key has 1 to 64 letters, digits and hyphens."))
        return key

    def clean_begins(self) -> str:
        """Codes are written in capitals."""
        begins: str = self.cleaned_data["begins"].upper()
        return begins

    def clean(self) -> dict[str, Any]:
        """What belongs together."""
        values: dict[str, Any] = super().clean() or self.cleaned_data
        missing = _("This is missing.")
        for one, other in (("terms_zh", "terms_en"), ("terms_en", "terms_zh")):
            if values.get(one) and not values.get(other) and other not in self.errors:
                self.add_error(other, _("Terms stand in both languages, or in none."))
        kind = values.get("kind")
        if kind == "announced" and not values.get("text") and "text" not in self.errors:
            self.add_error("text", missing)
        self._without_others(kind, values)
        way = values.get("valid")
        if kind == "announced" and way not in ("dates", None):
            self.add_error("valid", _("An announced code has fixed dates."))
        for name in {"days": ("days",), "hours": ("hours",), "dates": ("since", "until")}.get(way or "", ()):
            if values.get(name) is None and name not in self.errors:
                self.add_error(name, missing)
        if way == "dates" and _backwards(values):
            self.add_error("until", said("valid.until lies before valid.from"))
        if values.get("on_return") == "keep_used" and values.get("grace_days"):
            self.add_error("grace_days", _("Only coupons that come back have more days."))
        return values

    def _without_others(self, kind: Any, values: Mapping[str, Any]) -> None:
        for name in _not_of(str(kind)):
            if name in self.fields and name not in self.errors and values.get(name) not in _NOTHING:
                self.add_error(
                    name,
                    _("Only for an announced code.")
                    if name == "text"
                    else _("Only for coupons that are used once each. Limits of a code stand at its offer.")
                    if name not in ("begins", "length")
                    else _("An announced code is as it is written."),
                )

    def document(self) -> dict[str, Any]:
        """The template as a document, as short as it can be written or was."""
        values = self.cleaned_data
        former: dict[str, Any] = {} if self.former is None else documents.written(self.former)
        kind = values["kind"]
        found: dict[str, Any] = {
            name: former[name]
            for name in ("limits", "transferable", "on_return", "grace_days", "announced")
            if name in former
        }
        found["name"] = {"zh": values["zh"], "en": values["en"]}
        if values["terms_zh"]:
            found["terms"] = {"zh": values["terms_zh"], "en": values["terms_en"]}
        found["valid"] = self._valid(former.get("valid", {}))
        _say(found, former, "kind", "single_use" if kind == "single_use" else "shared", "single_use")
        _say(found, former, "announced", kind == "announced", False)
        _say(found, former, "closed", values["closed"], False)
        if kind == "single_use":
            _say(found, former, "transferable", values["transferable"], False)
            _say(found, former, "on_return", values["on_return"] or "give_back", "give_back")
            _say(found, former, "grace_days", values["grace_days"] or 0, 0)
            self._part(found, former, "limits", {"per_member": None, "in_total": None})
        self._part(
            found,
            former,
            "code",
            {"text": None} if kind == "announced" else {"prefix": "", "length": codes.LENGTH},
        )
        return found

    def _part(
        self, found: dict[str, Any], former: Mapping[str, Any], name: str, defaults: Mapping[str, Any]
    ) -> None:
        """A part of the document with its values; none where nothing is said in it."""
        was = former.get(name, {})
        part = {key: value for key, value in was.items() if key not in defaults}
        for key, default in defaults.items():
            value = self.cleaned_data["begins" if key == "prefix" else key]
            _say(part, was, key, default if value in (None, "") else value, default)
        if part or former.get(name) == {}:
            found[name] = part
        else:
            found.pop(name, None)

    def _valid(self, former: Mapping[str, Any]) -> dict[str, Any]:
        values = self.cleaned_data
        way = values["valid"]
        if way == "dates":
            found: dict[str, Any] = {"from": self._moment("since"), "until": self._moment("until")}
            if "starts" in former:
                found["starts"] = "at_once"
            return found
        found = {way: values[way]}
        _say(found, former, "starts", values["starts"] or "at_once", "at_once")
        return found

    def _moment(self, name: str) -> str:
        """A day, or an instant of the shop's time zone. One that was not touched stays as it was, seconds and all."""
        day, clock = self.cleaned_data[name], self.cleaned_data[f"{name}_time"]
        if self.former is not None:
            was = getattr(self.former.valid, name)
            if was is not None and _parts(was) == (day, clock):
                return str(was.isoformat())
        if clock is None:
            return str(day.isoformat())
        return datetime.combine(day, clock, tzinfo=settings.LAOKE.zone).isoformat()

    def refused_document(self, error: BadTemplate) -> None:
        """Put each fault of a document at its field."""
        for place, says in error.faults:
            names = tuple(part for part in place if isinstance(part, str))
            field = _FIELDS.get(names)
            if names == ("code",) and self.cleaned_data.get("kind") == "announced":
                field = "text"
            self.add_error(field if field in self.fields else None, said(says))


def kind_of(document: TemplateDocument) -> str:
    """The kind as the form has it: an announced code is one of its own."""
    return "announced" if document.announced else str(document.kind)


_NOTHING = (None, "", False, "give_back", 0)
_OF_SINGLE = ("transferable", "per_member", "in_total", "on_return", "grace_days")


def _not_of(kind: str) -> tuple[str, ...]:
    """The fields that a kind does not have."""
    return {
        "single_use": ("text",),
        "shared": ("text", *_OF_SINGLE),
        "announced": ("begins", "length", *_OF_SINGLE),
    }.get(kind, ())


def _shown(document: TemplateDocument, *, whole: bool) -> dict[str, Any]:
    """What stands in the fields; `whole`: with the announced code, which a copy cannot have."""
    valid, limits = document.valid, document.limits
    way = "dates" if valid.fixed else "days" if valid.days is not None else "hours"
    since, since_time = (None, None) if valid.since is None else _parts(valid.since)
    until, until_time = (None, None) if valid.until is None else _parts(valid.until)
    return {
        "zh": document.name.zh,
        "en": document.name.en,
        "terms_zh": "" if document.terms is None else document.terms.zh,
        "terms_en": "" if document.terms is None else document.terms.en,
        "kind": kind_of(document),
        "text": (document.code.text or "") if whole else "",
        "begins": document.code.prefix,
        "length": None if document.code.length == codes.LENGTH else document.code.length,
        "valid": way,
        "days": valid.days,
        "hours": valid.hours,
        "starts": str(valid.starts),
        "since": since,
        "since_time": since_time,
        "until": until,
        "until_time": until_time,
        "transferable": document.transferable,
        "per_member": limits.per_member,
        "in_total": limits.in_total,
        "on_return": str(document.on_return),
        "grace_days": document.grace_days or None,
        "closed": document.closed if whole else False,
    }


def _parts(moment: date | datetime) -> tuple[date, time | None]:
    """Day and time as the fields show them."""
    if not isinstance(moment, datetime):
        return moment, None
    here = moment.astimezone(settings.LAOKE.zone)
    return here.date(), here.time().replace(second=0, microsecond=0)


def _backwards(values: Mapping[str, Any]) -> bool:
    since, until = values.get("since"), values.get("until")
    if since is None or until is None:
        return False
    if (begin := values.get("since_time")) is not None and (end := values.get("until_time")) is not None:
        return (since, begin) >= (until, end)
    return bool(since > until)


def _say(found: dict[str, Any], former: Mapping[str, Any], name: str, value: Any, default: Any) -> None:
    """Write a value down, unless it is what holds anyway and was never written."""
    if value is not None and (value != default or former.get(name) == default):
        found[name] = value
    else:
        found.pop(name, None)
