"""Where one member stands: what reaches, keeps, extends, assigns and ends a tier."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum
from typing import NamedTuple

from laoke.engine.policy import BadPolicy
from laoke.engine.tiering.judging import Finding, Move, fall, found, qualified, review, upgrade
from laoke.engine.tiering.ladder import Downgrade, Fall, Ladder
from laoke.engine.tiering.metrics import NOTHING, Facts, hold
from laoke.engine.tiering.validity import Basis
from laoke.engine.tiering.windows import Anchors, Span, Window
from laoke.kernel.calendar import add_months

PERIOD = Window(span=Span.PERIOD)


class How(StrEnum):
    """How a tier came that was not earned. By hand a tier is set, up or down; the others never lower one."""

    MANUAL = "manual"
    TRIAL = "trial"
    INVITATION = "invitation"
    BOUGHT = "bought"
    PAID = "paid"


@dataclass(frozen=True, slots=True)
class Held:
    """A tier with its period, kept aside while another one is assigned."""

    tier: str
    period: date | None
    valid_until: date | None
    extended: bool


@dataclass(frozen=True, slots=True)
class Assigned:
    """A tier that was not earned: a floor through the day `until`, or until it is removed.

    `back` is what the member had before and has again afterwards; None for a tier set by hand, after which the
    member has what the facts reach.
    """

    tier: str
    how: How
    until: date | None
    back: Held | None


@dataclass(frozen=True, slots=True)
class Standing:
    """A member's tier. `since` is the day of the last change of tier, `cause` that of the last change or confirmation.

    `period` is the day the running period of validity began, `valid_until` its last day; both None without one.
    """

    tier: str
    since: date
    cause: str
    joined: date
    period: date | None = None
    valid_until: date | None = None
    extended: bool = False
    assigned: Assigned | None = None

    @property
    def anchors(self) -> Anchors:
        """The days that windows of this member begin at."""
        return Anchors(self.joined, self.since, self.period)

    @property
    def floor(self) -> str | None:
        """The tier nothing may lower the member below; None where none was assigned."""
        return self.assigned.tier if self.assigned else None


class Verdict(NamedTuple):
    """Where the member stands after a judgement; `move` is None when the tier stayed."""

    standing: Standing
    move: Move | None


class Clock(StrEnum):
    """What a day can bring by itself, in the order of one day."""

    ASSIGNED_ENDS = "assigned_ends"
    PERIOD_ENDS = "period_ends"
    INACTIVE = "inactive"


class Due(NamedTuple):
    """Something the clock brings on a day."""

    day: date
    what: Clock


def enrolled(ladder: Ladder, day: date) -> Standing:
    """The standing of a new member: the tier that nothing reaches."""
    tier = qualified(ladder, {}).code
    return stand_on(ladder, Standing(tier, day, "enrolled", day), tier, day, "enrolled")


def after_deed(
    ladder: Ladder,
    standing: Standing,
    facts: Facts,
    day: date,
    *,
    returned: bool = False,
    late: bool = False,
) -> Verdict:
    """Judge right after something was done: up or down where the ladder does so at once, or a longer period.

    Args:
        returned: what was done was bringing goods back.
        late: more has been done since, which is judged already; this can only lift the member.
    """
    move = upgrade(ladder, standing.tier, facts)
    if move is None and ladder.fall is Fall.AT_ONCE and not late:
        cause = "return_downgraded" if returned else "immediate_downgrade"
        move = fall(ladder, standing.tier, facts, cause, standing.floor)
    if move is not None:
        return _moved(ladder, standing, move, day)
    return Verdict(_extended(ladder, standing, facts), None)


def begin(ladder: Ladder, standing: Standing, day: date) -> Standing:
    """The first period of a tier that was had before the ladder gave it a validity; else the standing as it is."""
    validity = ladder.tier(standing.tier).validity
    if validity is None or standing.valid_until is not None:
        return standing
    return replace(standing, period=day, valid_until=validity.until(day))


def extends(ladder: Ladder, standing: Standing, facts: Facts) -> bool:
    """Whether what makes the tier last longer holds."""
    validity = ladder.tier(standing.tier).validity
    return bool(validity and validity.extension and hold(validity.extension.needs, facts))


def at_review(ladder: Ladder, standing: Standing, facts: Facts, day: date) -> Verdict:
    """Judge at a review."""
    move = review(ladder, standing.tier, facts, standing.floor)
    if move is None:
        return Verdict(replace(standing, cause="review_kept"), None)
    return _moved(ladder, standing, move, day)


def assign(
    ladder: Ladder,
    standing: Standing,
    tier: str,
    day: date,
    *,
    how: How = How.MANUAL,
    until: date | None = None,
) -> Verdict:
    """Give a tier that was not earned, in place of one assigned before.

    Raises:
        BadPolicy: the ladder has no such tier, or the last day has passed.
    """
    if all(rung.code != tier for rung in ladder.tiers):
        raise BadPolicy("tier", f"the ladder has no tier {tier!r}")
    if until is not None and until < day:
        raise BadPolicy("until", "the last day has passed")
    target, cause, back = tier, f"{how}_assigned", None
    if how is not How.MANUAL:
        target = max(standing.tier, tier, key=ladder.rank)
        before = standing.assigned
        back = (
            before.back
            if before and before.back and standing.tier == before.tier
            else Held(standing.tier, standing.period, standing.valid_until, standing.extended)
        )
    after = replace(standing, assigned=Assigned(tier, how, until, back))
    if target == standing.tier:
        return Verdict(replace(after, cause=cause), None)
    return _moved(ladder, after, Move(standing.tier, target, cause, ()), day)


def unassign(ladder: Ladder, standing: Standing, facts: Facts, day: date, *, ended: bool = False) -> Verdict:
    """End a tier assigned: what the facts reach holds, or what the member had before if that is higher.

    Args:
        ended: it came to its last day; else it was removed.
    """
    if (gone := standing.assigned) is None:
        return Verdict(standing, None)
    cause = f"{gone.how}_{'expired' if ended else 'removed'}"
    after = replace(standing, assigned=None)
    target = qualified(ladder, facts).code
    if (back := gone.back) is not None:
        if ladder.rank(standing.tier) > ladder.rank(gone.tier):  # earned meanwhile
            return Verdict(replace(after, cause=cause), None)
        if ladder.rank(back.tier) >= ladder.rank(target):
            after = replace(after, period=back.period, valid_until=back.valid_until, extended=back.extended)
            target = back.tier
            if target == standing.tier:
                return Verdict(replace(after, cause=cause), None)
            move = Move(standing.tier, target, cause, ())
            return Verdict(replace(after, tier=target, since=day, cause=cause), move)
    if target == standing.tier:
        return Verdict(replace(after, cause=cause), None)
    return _moved(ladder, after, Move(standing.tier, target, cause, ()), day)


def dues(ladder: Ladder, standing: Standing, last_purchase: date | None) -> list[Due]:
    """What the clock brings to this member, the earliest first.

    Args:
        last_purchase: the day of the last purchase that counts.
    """
    found, tier = [], ladder.tier(standing.tier)
    if standing.assigned and standing.assigned.until is not None:
        found.append(Due(standing.assigned.until + timedelta(days=1), Clock.ASSIGNED_ENDS))
    if tier.validity is not None and standing.valid_until is not None:
        found.append(Due(tier.validity.judged_on(standing.valid_until), Clock.PERIOD_ENDS))
    if tier.inactive_days and not _on_floor(ladder, standing):
        active = last_purchase or standing.since
        found.append(Due(active + timedelta(days=tier.inactive_days), Clock.INACTIVE))
    order = list(Clock)
    return sorted(found, key=lambda due: (due.day, order.index(due.what)))


def end_period(ladder: Ladder, standing: Standing, facts: Facts, day: date) -> Verdict:
    """Judge the end of a period, as of the last day of its grace.

    The tier is kept when the facts keep it, or reach a higher one, or when this ladder takes no tiers at the end of
    periods; the next period follows the old one. Else the member falls, and a new period begins.
    """
    tier = ladder.tier(standing.tier)
    validity, until = tier.validity, standing.valid_until
    if validity is None or until is None:
        return Verdict(standing, None)
    if validity.basis is Basis.PERIOD:
        facts = dict.fromkeys(ladder.all_windows, facts.get(PERIOD, NOTHING))
    now, reached = ladder.rank(tier.code), ladder.rank(qualified(ladder, facts).code)
    kept = tier.is_kept(facts) or reached > now
    if kept or ladder.fall is not Fall.AT_PERIOD_END or _on_floor(ladder, standing):
        again = replace(
            standing,
            cause="retained",
            period=until,
            valid_until=validity.next_until(until),
            extended=False,
        )
        return Verdict(again, None)
    target = now - 1 if ladder.downgrade is Downgrade.ONE_STEP else min(reached, now - 1)
    keep = tier.needs if validity.keep is None else validity.keep
    return _fallen(ladder, standing, target, "period_downgraded", found(tier, keep, facts), day)


def lapse(ladder: Ladder, standing: Standing, facts: Facts, day: date) -> Verdict:
    """Take a tier from a member who has not bought for as long as it allows."""
    tier = ladder.tier(standing.tier)
    if hold(tier.active, facts) or _on_floor(ladder, standing):
        return Verdict(standing, None)
    now, reached = ladder.rank(tier.code), ladder.rank(qualified(ladder, facts).code)
    target = now - 1 if ladder.downgrade is Downgrade.ONE_STEP else min(reached, now - 1)
    return _fallen(ladder, standing, target, "inactivity_downgraded", found(tier, tier.active, facts), day)


def _on_floor(ladder: Ladder, standing: Standing) -> bool:
    return standing.floor is not None and ladder.rank(standing.floor) >= ladder.rank(standing.tier)


def _fallen(
    ladder: Ladder, standing: Standing, target: int, cause: str, reasons: tuple[Finding, ...], day: date
) -> Verdict:
    if standing.floor is not None:
        target = max(target, ladder.rank(standing.floor))
    return _moved(ladder, standing, Move(standing.tier, ladder.tiers[target].code, cause, reasons), day)


def _moved(ladder: Ladder, standing: Standing, move: Move, day: date) -> Verdict:
    return Verdict(stand_on(ladder, standing, move.to_tier, day, move.cause), move)


def stand_on(ladder: Ladder, standing: Standing, tier: str, day: date, cause: str) -> Standing:
    """The standing after a change of tier: a new period begins, where the tier has one."""
    validity = ladder.tier(tier).validity
    return replace(
        standing,
        tier=tier,
        since=day,
        cause=cause,
        period=day if validity else None,
        valid_until=validity.until(day) if validity else None,
        extended=False,
    )


def _extended(ladder: Ladder, standing: Standing, facts: Facts) -> Standing:
    validity = ladder.tier(standing.tier).validity
    extension = validity.extension if validity else None
    if extension is None or standing.extended or standing.valid_until is None:
        return standing
    if not extends(ladder, standing, facts):
        return standing
    later = add_months(standing.valid_until, extension.months)
    return replace(standing, cause="extended", valid_until=later, extended=True)
