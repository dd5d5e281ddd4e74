"""Benefits in words: what a tier has, on what occasion, and why a member cannot use one now."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.utils.translation import pgettext_lazy as _in

from laoke.benefits.library.documents import BenefitDocument, On, ShareDocument
from laoke.benefits.library.errors import refusal_words
from laoke.benefits.strategies.base import Unit
from laoke.benefits.strategies.kinds import Kind
from laoke.engine.entitlement import Period
from laoke.engine.reasons import Reason
from laoke.surfaces.console.templatetags.figures import clock_day, number

KINDS: dict[str, Any] = {
    "coupon": _in("kind of benefit", "Coupon"),
    "points": _in("kind of benefit", "Points"),
    "gift": _in("kind of benefit", "Gift"),
    "service": _in("kind of benefit", "Service"),
    "experience": _in("kind of benefit", "Experience"),
    "access": _in("kind of benefit", "First to buy"),
    "partner_code": _in("kind of benefit", "Partner’s code"),
}
# What one use is worth, where that is not what quotas count.
_WORTH = {Kind.POINTS: Unit.POINT, Kind.COUPON: Unit.COUPON}
# Said of every use, whatever its number: "15 days", "200 points".
_ALWAYS_SAID = (Unit.POINT, Unit.COUPON, Unit.DAY, Unit.MONTH)


def counted(unit: Unit, n: int) -> str:
    """So many of a unit."""
    words = {
        Unit.TIME: ngettext("%(n)s time", "%(n)s times", n),
        Unit.HOUR: ngettext("%(n)s hour", "%(n)s hours", n),
        Unit.DAY: ngettext("%(n)s day", "%(n)s days", n),
        Unit.MONTH: ngettext("%(n)s month", "%(n)s months", n),
        Unit.PIECE: ngettext("%(n)s piece", "%(n)s pieces", n),
        Unit.SEAT: ngettext("%(n)s seat", "%(n)s seats", n),
        Unit.POINT: ngettext("%(n)s point", "%(n)s points", n),
        Unit.COUPON: ngettext("%(n)s coupon", "%(n)s coupons", n),
        Unit.CODE: ngettext("%(n)s code", "%(n)s codes", n),
    }
    return words[unit] % {"n": number(n)}


def share_words(document: BenefitDocument, share: ShareDocument) -> str:
    """What a tier has: "2 coupons", "10 hours a month"; empty when it may be used any number of times."""
    said = []
    unit = _WORTH.get(document.kind, document.unit)
    worth = share.amount > 1 or unit in _ALWAYS_SAID
    if worth:
        said.append(counted(unit, share.amount))
    if share.quota is not None and not (document.granted and worth and share.quota == 1):
        quota = counted(Unit.TIME if worth else document.unit, share.quota)
        said.append(quota if document.granted else _a_period(document.per, quota))
    return " · ".join(said)


def occasion(document: BenefitDocument) -> str:
    """When it is granted; empty for a benefit that comes with the status."""
    granted = document.granted
    if granted is None:
        return ""
    what = {
        On.BIRTHDAY: _("for the birthday"),
        On.UPGRADE: _("for moving up"),
        On.JOINING: _("for joining"),
        On.HAND: _("by hand"),
    }[granted.on]
    days = ngettext(
        "%(what)s, to be used within %(n)s day", "%(what)s, to be used within %(n)s days", granted.days
    )
    said = days % {"what": what, "n": number(granted.days)}
    if granted.days_before:
        before = ngettext(
            "%(said)s, from %(n)s day before", "%(said)s, from %(n)s days before", granted.days_before
        )
        said = before % {"said": said, "n": granted.days_before}
    return said


def why_not(reason: Reason, tiers: Mapping[str, str]) -> str:
    """One reason against a use, with the day it falls away where there is one; `tiers` are names by code."""
    values = reason.values
    if reason.code == "tier" and (
        named := [tiers[code] for code in _list(values.get("tiers")) if code in tiers]
    ):
        return _("Only for %(tiers)s.") % {"tiers": _(", ").join(named)}
    if reason.code == "used_up" and (again := values.get("again")):
        return _("Used up; again from %(day)s.") % {"day": _day(str(again))}
    if reason.code == "not_begun" and (starts := values.get("starts")):
        return _("From %(day)s on.") % {"day": _day(str(starts))}
    return str(refusal_words(reason.code))


def _a_period(per: Period, quota: str) -> str:
    return {
        Period.MONTH: _("%(quota)s a month"),
        Period.QUARTER: _("%(quota)s a quarter"),
        Period.YEAR: _("%(quota)s a year"),
        Period.EVER: _("%(quota)s in all"),
    }[per] % {"quota": quota}


def _day(at: str) -> str:
    return clock_day(datetime.fromisoformat(at).astimezone(settings.LAOKE.zone))


def _list(value: object) -> list[str]:
    return [str(each) for each in value] if isinstance(value, list) else []
