"""The first page of a member. Each card stands for itself: what cannot be read leaves the others in place."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from laoke.checkout import programme
from laoke.foundation.access import Caller, Scope
from laoke.kernel.errors import LaokeError
from laoke.surfaces.console.selectors import offers_given
from laoke.surfaces.console.selectors.member.cards import PointsCard, TierCard, points_card, tier_card
from laoke.surfaces.console.selectors.member.head import Head, head_of
from laoke.surfaces.console.selectors.member.person import Person, person_of
from laoke.surfaces.console.selectors.member.scores import Scores, scores_of
from laoke.surfaces.console.selectors.member.state import state_of
from laoke.surfaces.console.selectors.member.timeline import Timeline, timeline_of
from laoke.surfaces.console.selectors.offers_given import OfferGiven

log = logging.getLogger(__name__)
T = TypeVar("T")
_PARTS = (Scope.TIERS_READ, Scope.POINTS_READ, Scope.ORDERS_READ, Scope.INSIGHT_READ)


@dataclass(frozen=True, slots=True)
class NotRead:
    """A card that could not be read. The page says so in its place."""

    failed: bool = True


@dataclass(frozen=True, slots=True)
class Overview:
    """The whole page. A card is None where the role may not see it; `missing` names the scopes that would show it."""

    head: Head
    person: Person
    tier: TierCard | NotRead | None
    points: PointsCard | NotRead | None
    scores: Scores | NotRead | None
    timeline: Timeline | NotRead
    offers: tuple[OfferGiven, ...] | NotRead | None
    missing: tuple[str, ...]
    limited: bool


def overview(caller: Caller, member_id: int, at: datetime, kind: str = "") -> Overview:
    """One member as the caller may see them.

    Args:
        kind: of events in the timeline; "" for all.
    Raises:
        as `state_of`.
    """
    state = state_of(caller, member_id, at)
    rules = programme.current()
    sees = {scope: scope in caller.scopes for scope in _PARTS}
    return Overview(
        head=head_of(caller, state),
        person=person_of(state),
        tier=card(lambda: tier_card(rules, state)) if sees[Scope.TIERS_READ] else None,
        points=card(lambda: points_card(rules, state)) if sees[Scope.POINTS_READ] else None,
        scores=card(lambda: scores_of(state)) if sees[Scope.INSIGHT_READ] else None,
        timeline=card(lambda: timeline_of(caller, rules, state, kind)),
        # What was bought in other stores is none of an account that is limited to some.
        offers=card(lambda: offers_given.to_member(caller, member_id))
        if sees[Scope.ORDERS_READ] and state.stores is None
        else None,
        missing=tuple(scope.value for scope, seen in sees.items() if not seen),
        limited=state.stores is not None,
    )


def card(read: Callable[[], T]) -> T | NotRead:
    """What `read` gives, or that it could not be read: the cause goes into the log."""
    try:
        return read()
    except LaokeError:
        raise
    except Exception:
        log.exception("a card of a member could not be read")
        return NotRead()
