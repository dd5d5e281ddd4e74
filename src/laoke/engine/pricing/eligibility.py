"""Which offers take part: codes, life, limits, conditions; the first that fails is the reason."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import NamedTuple

from laoke.engine.pricing import questions
from laoke.engine.pricing.board import NEVER_USED, Board, CouponFact, State
from laoke.engine.pricing.compiled import Programme, Ready
from laoke.engine.pricing.deals import Refused
from laoke.engine.pricing.policies import Repeated
from laoke.engine.pricing.questions import Asked


class Rejected(NamedTuple):
    """A code that brought nothing, as it was entered; `refused` is the offer it called, if it called one."""

    code: str
    reason: str
    refused: Refused | None = None


class Entered(NamedTuple):
    """One code as it was entered: the offers it calls, or why it calls none; the coupon it stands for, if one."""

    code: str
    offers: tuple[Ready, ...] = ()
    reason: str | None = None
    coupon: CouponFact | None = None


class Spent(NamedTuple):
    """A coupon that brought something, and the offers it brought."""

    number: int
    offers: tuple[Ready, ...]


def read_codes(
    programme: Programme, codes: Iterable[str], coupons: Mapping[str, CouponFact]
) -> list[Entered]:
    """Find the offers of the codes, in the order they were entered: codes of offers first, then those of coupons."""
    found = []
    seen: set[object] = set()
    texts = tuple(codes)
    called = (
        {ready for text in texts for ready in programme.with_code(programme.code(text))} if coupons else set()
    )
    for text in texts:
        code = programme.code(text)
        offers = programme.with_code(code)
        coupon = None if offers else coupons.get(text)
        name = code if coupon is None else coupon.number
        if name in seen:
            if programme.policies.repeated_codes is Repeated.REJECT:
                found.append(Entered(text, reason="already_applied"))
            continue
        seen.add(name)
        if coupon is not None:
            found.append(_read_coupon(programme, text, coupon, called))
        else:
            found.append(Entered(text, tuple(offers)) if offers else Entered(text, reason="unknown_code"))
    return found


def _read_coupon(programme: Programme, text: str, coupon: CouponFact, called: set[Ready]) -> Entered:
    """A coupon calls the offers that nothing else has called: it would be spent for nothing."""
    if coupon.refused is not None:
        return Entered(text, reason=coupon.refused)
    offers = programme.with_coupon(coupon.template)
    if not offers:
        return Entered(text, reason="template_ended")
    more = tuple(ready for ready in offers if ready not in called)
    if not more:
        return Entered(text, reason="one_per_order")
    called.update(more)
    return Entered(text, more, None, coupon)


def spent(entered: Iterable[Entered], refused: Iterable[Refused]) -> tuple[Spent, ...]:
    """The coupons that brought something; one whose offers were all refused stays as it is."""
    not_given = {each.ready for each in refused}
    found = []
    for each in entered:
        given = tuple(ready for ready in each.offers if ready not in not_given)
        if each.coupon is not None and given:
            found.append(Spent(each.coupon.number, given))
    return tuple(found)


def rejected(entered: Iterable[Entered], refused: Iterable[Refused]) -> tuple[Rejected, ...]:
    """The codes that brought nothing: unknown, repeated, or with offers that were all refused."""
    not_given = {each.ready: each for each in refused}
    found = []
    for code, offers, reason, _ in entered:
        if reason is not None:
            found.append(Rejected(code, reason))
        elif offers and all(ready in not_given for ready in offers):
            first = not_given[offers[0]]
            found.append(Rejected(code, first.code, first))
    return tuple(found)


def refusal(ready: Ready, board: Board, state: State, at: datetime) -> Refused | None:
    """Why an offer takes no part, or None."""
    offer = ready.offer
    if not offer.active:
        return Refused(ready, "inactive")
    if offer.starts_at is not None and at < offer.starts_at:
        return Refused(ready, "not_started")
    if offer.ends_at is not None and at > offer.ends_at:
        return Refused(ready, "expired")
    if offer.channels is not None and board.basket.channel not in offer.channels:
        return Refused(ready, "wrong_channel")
    if offer.limits.limited and (code := _over_limit(ready, board)):
        return Refused(ready, code)
    if ready.early is not None and (failed := ready.early(Asked(board, state))) is not None:
        about_member = questions.is_about_member(failed)
        return Refused(ready, "member_not_eligible" if about_member else "conditions_not_met", failed)
    return None


def _over_limit(ready: Ready, board: Board) -> str | None:
    limits, facts = ready.offer.limits, board.facts
    uses = facts.uses.get(ready.offer.key, NEVER_USED)
    if limits.in_total is not None and uses.total >= limits.in_total:
        return "usage_limit_reached"
    if limits.members_only and not facts.is_member:
        return "member_not_eligible"
    if facts.is_member:
        if limits.per_member is not None and uses.by_member >= limits.per_member:
            return "member_limit_reached"
        if limits.per_member_a_day is not None and uses.by_member_today >= limits.per_member_a_day:
            return "member_limit_reached"
    return None
