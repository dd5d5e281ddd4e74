"""What events pay: section `activities` of the programme."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any

from laoke.engine.activities import Streak, Times
from laoke.engine.policy import BadPolicy
from laoke.foundation import generations
from laoke.foundation.access import Caller, Scope
from laoke.foundation.audit.services import record
from laoke.foundation.documents import fields, only, whole
from laoke.points.activities.models import ActivityRulesVersion

CHECK_IN, REFERRAL = "check_in", "referral"
# Kinds that need no name of their own; a programme declares others under a name.
NAMES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        CHECK_IN: ("每日签到", "Check-in"),
        "app_activity": ("App 活跃", "Use of the app"),
        "share": ("社交分享", "Sharing"),
        "survey": ("问卷调研", "Survey"),
        REFERRAL: ("推荐有礼", "Referral"),
        "ugc": ("内容投稿", "Contribution"),
    }
)
ANY_NUMBER = Times()
LONGEST_KIND = 40
MOST_POINTS = 1_000_000
MOST_DAYS = 366
_PLACE = "activities"
_FIELDS = ("name", "points", "times", "once_per_subject", "streak", "friend_points", "least_order_minor")


@dataclass(frozen=True, slots=True)
class ActivityRule:
    """What one kind of event pays.

    Args:
        once_per_subject: only the first event about the same subject pays.
        friend_points: of a referral, what the friend gets.
        least_order_minor: what the friend has to have paid with money.
    """

    zh: str
    en: str
    points: int
    times: Times = ANY_NUMBER
    once_per_subject: bool = False
    streak: Streak | None = None
    friend_points: int = 0
    least_order_minor: int = 1


@dataclass(frozen=True, slots=True)
class ActivityRules:
    """Rules by kind. An event may be told up to `late_days` after it happened."""

    kinds: Mapping[str, ActivityRule] = field(default_factory=lambda: MappingProxyType({}))
    late_days: int = 7

    @property
    def patience(self) -> timedelta:
        """How long after it happened an event may be told."""
        return timedelta(days=self.late_days)


def parse(document: Any) -> ActivityRules:
    """Read the section `activities` of a programme document.

    Raises:
        BadPolicy: an unknown field, or a value that cannot be used, with its place.
    """
    said = fields(document, _PLACE)
    only(said, _PLACE, {"kinds", "late_days"})
    kinds = fields(said.get("kinds", {}), f"{_PLACE}.kinds")
    # The database keeps no order of names: the known ones come first, as they are listed here.
    ordered = sorted(
        kinds, key=lambda kind: (list(NAMES).index(kind) if kind in NAMES else len(NAMES), str(kind))
    )
    return ActivityRules(
        MappingProxyType({str(kind): _rule(kind, kinds[kind]) for kind in ordered}),
        whole(said.get("late_days", ActivityRules().late_days), f"{_PLACE}.late_days", 0, 90),
    )


def to_document(rules: ActivityRules) -> dict[str, Any]:
    """The document that `parse` reads back into the same rules."""
    return {
        "kinds": {kind: _written(kind, rule) for kind, rule in rules.kinds.items()},
        "late_days": rules.late_days,
    }


def at_version(programme_version: int) -> ActivityRules:
    """The rules in force in a version of the programme; none before any were published."""
    row = (
        ActivityRulesVersion.objects.filter(programme_version__lte=programme_version)
        .order_by("-programme_version")
        .first()
    )
    return parse(row.document) if row else ActivityRules()


def in_force() -> ActivityRules:
    """The rules in force now."""
    return at_version(generations.current(generations.PROGRAMME))


def publish(caller: Caller, rules: ActivityRules, *, at: datetime) -> int:
    """Put rules in force from this commit on; returns the programme version. Call in a transaction."""
    caller.require(Scope.PROGRAMME_WRITE)
    before = in_force()
    version = generations.bump(generations.PROGRAMME)
    ActivityRulesVersion.objects.create(
        document=to_document(rules), programme_version=version, published_at=at, published_by=caller.label
    )
    record(
        caller,
        "activity_rules.published",
        "programme",
        version,
        at=at,
        before={"kinds": sorted(before.kinds)},
        after={"kinds": sorted(rules.kinds)},
    )
    return version


def _rule(kind: Any, said: Any) -> ActivityRule:
    place = f"{_PLACE}.kinds.{kind}"
    if not isinstance(kind, str) or not _is_kind(kind):
        raise BadPolicy(place, f"a kind has 1 to {LONGEST_KIND} letters, digits and underscores")
    rule = fields(said, place)
    only(rule, place, set(_FIELDS))
    name = _name(kind, rule.get("name"), place)
    refers = kind == REFERRAL
    for word in ("friend_points", "least_order_minor"):
        if word in rule and not refers:
            raise BadPolicy(f"{place}.{word}", "goes with referrals only")
    for word in ("streak", "once_per_subject"):
        if word in rule and refers:
            raise BadPolicy(f"{place}.{word}", "does not go with referrals")
    if "points" not in rule:
        raise BadPolicy(f"{place}.points", "is missing")
    once = rule.get("once_per_subject", False)
    if not isinstance(once, bool):
        raise BadPolicy(f"{place}.once_per_subject", "takes true or false")
    return ActivityRule(
        *name,
        whole(rule["points"], f"{place}.points", 0, MOST_POINTS),
        _times(rule.get("times", {}), f"{place}.times"),
        once,
        _streak(rule["streak"], f"{place}.streak") if "streak" in rule else None,
        whole(rule.get("friend_points", 0), f"{place}.friend_points", 0, MOST_POINTS),
        whole(rule.get("least_order_minor", 1), f"{place}.least_order_minor", 1, 10**9),
    )


def _name(kind: str, said: Any, place: str) -> tuple[str, str]:
    if said is None:
        if kind not in NAMES:
            raise BadPolicy(f"{place}.name", "a kind of your own takes a name in zh and en")
        return NAMES[kind]
    names = fields(said, f"{place}.name")
    only(names, f"{place}.name", {"zh", "en"})
    for word in ("zh", "en"):
        if not isinstance(names.get(word), str) or not 1 <= len(names[word]) <= 60:
            raise BadPolicy(f"{place}.name.{word}", "takes 1 to 60 characters")
    return names["zh"], names["en"]


def _times(said: Any, place: str) -> Times:
    times = fields(said, place)
    only(times, place, {"day", "week", "total"})
    return Times(**{name: whole(value, f"{place}.{name}", 1, 100_000) for name, value in times.items()})


def _streak(said: Any, place: str) -> Streak:
    streak = fields(said, place)
    only(streak, place, {"days", "bonus"})
    return Streak(
        whole(streak.get("days"), f"{place}.days", 2, MOST_DAYS),
        whole(streak.get("bonus"), f"{place}.bonus", 1, MOST_POINTS),
    )


def _written(kind: str, rule: ActivityRule) -> dict[str, Any]:
    times = {name: most for name in ("day", "week", "total") if (most := getattr(rule.times, name))}
    written: dict[str, Any] = {"name": {"zh": rule.zh, "en": rule.en}, "points": rule.points}
    if times:
        written["times"] = times
    if rule.once_per_subject:
        written["once_per_subject"] = True
    if rule.streak is not None:
        written["streak"] = {"days": rule.streak.days, "bonus": rule.streak.bonus}
    if kind == REFERRAL:
        written |= {"friend_points": rule.friend_points, "least_order_minor": rule.least_order_minor}
    return written


def _is_kind(kind: str) -> bool:
    plain = kind.replace("_", "")
    return 1 <= len(kind) <= LONGEST_KIND and plain.isascii() and plain.isalnum()
