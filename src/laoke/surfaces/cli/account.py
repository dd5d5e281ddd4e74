"""Everything `laoke member show` tells of one member, gathered from the modules and masked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

from laoke.checkout import programme
from laoke.foundation.access import SYSTEM
from laoke.kernel.errors import LaokeError
from laoke.members import selectors as members
from laoke.members.errors import UnknownMember
from laoke.members.types import MemberId, Profile
from laoke.points.statement import Statement, statement
from laoke.purchases import history, numbers
from laoke.purchases.history import Wanted
from laoke.segments.explained import Explained, explained
from laoke.tiers.position import Position, position

BY = ("id", "card", "phone")


class AmbiguousIdentifier(LaokeError):
    """What was typed is a number of one member and a card or phone of another."""

    code, status, title = "ambiguous-identifier", 409, "More than one member is meant"


@dataclass(frozen=True, slots=True)
class Purchase:
    """An order in one line. Amounts in minor units; `returned_minor` is the part of the total that came back."""

    placed_at: datetime
    order_no: str
    store: str
    store_en: str
    total_minor: int
    returned_minor: int
    points_earned: int
    points_redeemed: int


@dataclass(frozen=True, slots=True)
class Account:
    """One member as the terminal shows it."""

    at: datetime
    currency: str
    profile: Profile
    home_store: str
    position: Position
    points: Statement
    points_worth_minor: int
    purchases: tuple[Purchase, ...]
    classes: Explained | None
    order_numbers: Mapping[int, str]
    return_numbers: Mapping[int, str]

    def plain(self) -> dict[str, Any]:
        """The same as plain values, for scripts."""
        return {
            "at": self.at,
            "currency": self.currency,
            "member": asdict(self.profile),
            "home_store": self.home_store,
            "tier": {
                "code": self.position.tier.code,
                "since": self.position.since,
                "next_tier": self.position.upper.code if self.position.upper else None,
                "needs": [found.as_json() | {"missing": found.missing} for found in self.position.missing],
                "next_review": self.position.next_review,
                "lasting": [said._asdict() for said in self.position.lasting],
                "moves": [asdict(step) for step in self.position.steps],
            },
            "points": asdict(self.points) | {"worth_minor": self.points_worth_minor},
            "orders": [asdict(each) for each in self.purchases],
            "classes": asdict(self.classes) if self.classes else None,
        }


def find(text: str, by: str | None) -> MemberId:
    """The member a number stands for: an id, a card or a phone. Merged members answer with the kept one.

    Raises:
        UnknownMember, AmbiguousIdentifier, MemberErased, and what `members.selectors.resolve` raises for `by`.
    """
    if by is not None:
        return members.resolve({"member_id" if by == "id" else by: text}).id
    meant: dict[MemberId, str] = {}
    for name in BY:
        try:
            found = members.resolve({"member_id" if name == "id" else name: text}).id
        except LaokeError as error:
            # Not a phone, not a card: then it is one of the others. An erased member is told as such.
            if error.code == "member-erased" and name == "id":
                raise
            continue
        meant.setdefault(found, name)
    if not meant:
        raise UnknownMember
    if len(meant) > 1:
        listed = ", ".join(f"{name} → {member_id}" for member_id, name in meant.items())
        raise AmbiguousIdentifier(
            _("It is found as %(listed)s. Say which one with --by.") % {"listed": listed}
        )
    return next(iter(meant))


def account(member_id: MemberId, at: datetime, *, entries: int, orders: int) -> Account:
    """Gather what is known of a member at `at`.

    Args:
        entries: how many of the newest movements of points.
        orders: how many of the newest purchases.
    """
    profile = members.profile(member_id)
    place, points = position(member_id, at), statement(member_id, at, entries=entries)
    if place is None or points is None:
        raise LookupError(f"member {member_id} has no account or no tier; `laoke check` tells more")
    rows, _more = history.orders(SYSTEM, Wanted(member_id=member_id), after=None, limit=orders)
    return Account(
        at=at,
        currency=settings.LAOKE.currency,
        profile=profile,
        home_store=_store_code(profile),
        position=place,
        points=points,
        points_worth_minor=programme.current().points.worth(points.available),
        purchases=tuple(
            Purchase(
                row.placed_at,
                row.order_no,
                row.store.name,
                row.store.name_en or row.store.name,
                row.total_minor,
                row.returned_minor,
                row.points_earned,
                row.points_redeemed,
            )
            for row in rows
        ),
        classes=explained(member_id),
        order_numbers=numbers.order_numbers(
            number
            for number in (
                *(entry.order_id for entry in points.entries),
                *(lot.order_id for lot in points.lots),
            )
            if number is not None
        ),
        return_numbers=numbers.return_numbers(
            entry.return_id for entry in points.entries if entry.return_id is not None
        ),
    )


def _store_code(profile: Profile) -> str:
    from laoke.members import places

    if profile.home_store_id is None:
        return ""
    return places.known().store_codes([profile.home_store_id]).get(profile.home_store_id, "")
