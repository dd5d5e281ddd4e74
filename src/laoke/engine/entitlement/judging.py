"""May this member use this benefit now? A pure function of what is known, with every reason against it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from typing import Any

from laoke.engine.conditions import Is, Tree, leaves
from laoke.engine.conditions.predicates import Getter, first_failure
from laoke.engine.entitlement.periods import Span, span
from laoke.engine.entitlement.rights import Right, Share
from laoke.engine.reasons import Reason


@dataclass(frozen=True, slots=True)
class Holder:
    """The member: whether they take part, their tier, and what else is known (attributes of the vocabulary)."""

    active: bool
    tier: str | None
    known: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Granted:
    """A grant that was not revoked: units it allows (None: any number), units used of it, and when it can be used."""

    grant_id: int
    quota: int | None
    used: int
    valid_from: datetime
    valid_until: datetime

    @property
    def left(self) -> int | None:
        """Units that can still be used."""
        return None if self.quota is None else self.quota - self.used


@dataclass(frozen=True, slots=True)
class Past:
    """What was used and what is there.

    Args:
        used: units used in the period that runs, grants apart.
        stock: pieces, seats or codes there are; None: it needs none.
        budget_left_minor: what the member's tier may still cost; None: it has no budget.
    """

    used: int = 0
    grants: Sequence[Granted] = ()
    stock: int | None = None
    budget_left_minor: int | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a member may use of a benefit, or why not: `reasons` is empty exactly when it can be used.

    Args:
        share: what they have of it; None: nothing.
        left: units that can be used until `until`; None: any number.
        grant_id: the grant a use would take from, the one whose time is over first.
    """

    right: Right
    share: Share | None
    left: int | None
    until: datetime | None
    grant_id: int | None
    reasons: tuple[Reason, ...]

    @property
    def usable(self) -> bool:
        """Whether it can be used now."""
        return not self.reasons


def judge(right: Right, holder: Holder, past: Past, at: datetime, zone: tzinfo, units: int = 1) -> Verdict:
    """Judge the use of so many units at an instant; `zone` is the programme's.

    All reasons are told, what the member is first, what was used next, what is there last.
    """
    share = right.share(holder.tier)
    period = span(right.period, at, zone)
    grant = _grant(past.grants, at, units) if right.by_grant else None
    left, until = _left(right, share, past, grant, period)
    reasons = (
        *_against_member(right, holder, share),
        *_against_time(right, at),
        *_against_grants(right, past.grants, grant, at),
        *_against_quota(right, share, left, until, units),
        *_against_stock(right, past, units),
    )
    return Verdict(right, share, left, until, grant.grant_id if grant else None, reasons)


def failed(tree: Tree, known: Mapping[str, Any]) -> Tree | None:
    """The part of a condition that does not hold of a member; None: it holds."""
    return first_failure(tree, _getter)(known)


def _getter(leaf: Is) -> Getter[Mapping[str, Any]]:
    return lambda known: known.get(leaf.attribute)


def _against_member(right: Right, holder: Holder, share: Share | None) -> Iterator[Reason]:
    if not holder.active:
        yield Reason("member_not_active")
    if share is None:
        yield Reason("tier", {"tier": holder.tier, "tiers": list(right.shares)})
    if (part := failed(right.when, holder.known)) is not None:
        yield Reason("condition", {"attributes": sorted({leaf.attribute for leaf in leaves(part)})})


def _against_time(right: Right, at: datetime) -> Iterator[Reason]:
    if right.starts is not None and at < right.starts:
        yield Reason("not_begun", {"starts": right.starts.isoformat()})
    if right.ends is not None and at >= right.ends:
        yield Reason("over", {"ended": right.ends.isoformat()})


def _against_grants(
    right: Right, grants: Sequence[Granted], grant: Granted | None, at: datetime
) -> Iterator[Reason]:
    if not right.by_grant or grant is not None:
        return
    coming = [each.valid_from for each in grants if each.valid_from > at]
    if any(each.valid_from <= at < each.valid_until for each in grants):
        yield Reason("used_up")
    elif coming:
        yield Reason("not_begun", {"starts": min(coming).isoformat()})
    elif grants:
        yield Reason("over", {"ended": max(each.valid_until for each in grants).isoformat()})
    else:
        yield Reason("not_granted")


def _against_quota(
    right: Right, share: Share | None, left: int | None, until: datetime | None, units: int
) -> Iterator[Reason]:
    if not right.by_grant and share is not None and left is not None and left < units:
        yield Reason("used_up", {"left": left, **({"again": until.isoformat()} if until else {})})


def _against_stock(right: Right, past: Past, units: int) -> Iterator[Reason]:
    if past.stock is not None and past.stock < units:
        yield Reason("none_left", {"left": past.stock})
    if past.budget_left_minor is not None and right.cost_minor * units > past.budget_left_minor:
        yield Reason("budget")


def _grant(grants: Sequence[Granted], at: datetime, units: int) -> Granted | None:
    """The grant to take from: of those that run and suffice the one whose time is over first."""
    fitting = [
        each
        for each in grants
        if each.valid_from <= at < each.valid_until and (each.left is None or each.left >= units)
    ]
    return min(fitting, key=lambda each: (each.valid_until, each.grant_id), default=None)


def _left(
    right: Right, share: Share | None, past: Past, grant: Granted | None, period: Span
) -> tuple[int | None, datetime | None]:
    if right.by_grant:
        return (0, None) if grant is None else (grant.left, grant.valid_until)
    if share is None:
        return 0, None
    if share.quota is None:
        return None, right.ends
    ends = [each for each in (period.until, right.ends) if each is not None]
    return max(0, share.quota - past.used), min(ends, default=None)
