"""Members side by side: what each has, in the words of the page, and what they would have as one or as two again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from laoke.engine.tiering import Ladder
from laoke.foundation.access import Caller, Scope
from laoke.members.services import ComesBack
from laoke.members.types import MemberStatus
from laoke.surfaces.console.labels import CHANNELS, GENDERS, IDENTITIES, PURPOSES, STATUSES
from laoke.surfaces.console.naming import Named, tier_name
from laoke.surfaces.console.selectors.member.state import State
from laoke.surfaces.console.templatetags.figures import clock_day, named, number

# A field of a member, as members/services calls it, and what of a side goes with it.
_FIELDS = {
    "name": ("name",),
    "birth_date": ("birthday",),
    "gender": ("gender",),
    "language": ("language",),
    "home_store_id": ("store",),
}


@dataclass(frozen=True, slots=True)
class Identity:
    """One way a member is recognised, masked. `carried`: how many merges brought it to this member."""

    id: int
    kind: str
    masked: str
    added_at: datetime
    carried: int


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer that holds for a channel and a purpose, with the event that gave it."""

    granted: bool
    at: datetime
    event: int


@dataclass(frozen=True, slots=True)
class Side:
    """A member as far as a merge moves it. `tags` hold when each was put on; `tier` is None where none was given."""

    status: str
    name: str
    birthday: tuple[int, int] | None
    gender: str
    language: str
    store: Named
    registered_at: datetime
    identities: tuple[Identity, ...]
    tags: Mapping[str, datetime]
    consents: Mapping[tuple[str, str], Answer]
    tier: str | None
    points: int
    debt: int
    orders: int


@dataclass(frozen=True, slots=True)
class Returning:
    """What of points and orders would go back to the member that went, and the tiers both would have."""

    points: int
    debt: int
    orders: int
    kept_tier: str | None
    gone_tier: str | None


@dataclass(frozen=True, slots=True)
class Row:
    """One trait of several members; a cell is a line or several. `changes`: the last cell differs from the first."""

    label: Any
    cells: tuple[tuple[str, ...], ...]
    changes: bool
    figure: bool


def side_of(state: State) -> Side:
    """A member as the database has it."""
    return Side(
        status=state.status,
        name=state.name,
        birthday=state.birthday,
        gender=state.gender,
        language=state.language,
        store=state.store,
        registered_at=state.registered_at,
        identities=tuple(
            Identity(row[0], row[1], row[3], datetime.fromisoformat(row[4]), row[5])
            for row in state.identities
        ),
        tags={row[0]: datetime.fromisoformat(row[2]) for row in state.tags},
        consents={
            (row[0], row[1]): Answer(row[2], datetime.fromisoformat(row[3]), row[6]) for row in state.consents
        },
        tier=state.tier,
        points=sum(row[1] for row in state.lots),
        debt=state.debt,
        orders=state.orders,
    )


def joined(kept: Side, gone: Side, tier: str) -> Side:
    """The kept member after a merge, by the rules of members/services/merging and the followers."""
    gaps = {
        part: getattr(gone, part)
        for parts in _FIELDS.values()
        for part in parts
        if _known(getattr(gone, part)) and not _known(getattr(kept, part))
    }
    consents = dict(kept.consents)
    for asked, theirs in gone.consents.items():
        ours = consents.get(asked)
        if ours is None or ours.at < theirs.at:
            consents[asked] = theirs
    points, debt = kept.points + gone.points, kept.debt + gone.debt
    repaid = min(points, debt)
    return replace(
        kept,
        **gaps,
        identities=(
            *kept.identities,
            *(replace(each, carried=each.carried + 1) for each in gone.identities),
        ),
        tags={**gone.tags, **kept.tags},
        consents=consents,
        tier=tier,
        points=points - repaid,
        debt=debt - repaid,
        orders=kept.orders + gone.orders,
    )


def parted(kept: Side, gone: Side, back: ComesBack, returning: Returning) -> tuple[Side, Side]:
    """Both members after a merge is undone, by the rules of members/services/unmerging and the followers."""
    lost = {tag for tag, _source, added_at, new in back.tags if new and kept.tags.get(tag) == added_at}
    debt = min(returning.debt, kept.debt)
    empty: dict[str, Any] = {
        part: None if part == "birthday" else Named("", "") if part == "store" else ""
        for field in back.emptied
        for part in _FIELDS[field]
    }
    return (
        replace(
            kept,
            **empty,
            identities=tuple(each for each in kept.identities if each.id not in back.identities),
            tags={tag: at for tag, at in kept.tags.items() if tag not in lost},
            consents={
                asked: replace(held, granted=back.answers.get(held.event, held.granted))
                for asked, held in kept.consents.items()
            },
            tier=returning.kept_tier,
            points=kept.points - returning.points,
            debt=kept.debt - debt,
            orders=kept.orders - returning.orders,
        ),
        replace(
            gone,
            status=back.gone_status,
            identities=(
                *gone.identities,
                *(
                    replace(each, carried=each.carried - 1)
                    for each in kept.identities
                    if each.id in back.identities
                ),
            ),
            tags={**{tag: at for tag, _source, at, _new in back.tags}, **gone.tags},
            tier=returning.gone_tier,
            points=gone.points + returning.points,
            debt=gone.debt + debt,
            orders=gone.orders + returning.orders,
        ),
    )


def rows_of(caller: Caller, ladder: Ladder, sides: Sequence[Side]) -> tuple[Row, ...]:
    """The traits of these members, those the role may see."""
    traits = [_traits(caller, ladder, side) for side in sides]
    rows = []
    for index, (label, figure, _cell) in enumerate(traits[0]):
        cells = tuple(each[index][2] for each in traits)
        if any(cells):
            rows.append(Row(label, cells, cells[0] != cells[-1], figure))
    return tuple(rows)


def _known(value: Any) -> bool:
    return bool(value.zh if isinstance(value, Named) else value)


def _traits(caller: Caller, ladder: Ladder, side: Side) -> list[tuple[Any, bool, tuple[str, ...]]]:
    tier = ladder.tiers[ladder.rank(side.tier or ladder.lowest.code)]
    traits: list[tuple[Any, bool, tuple[str, ...]]] = [
        (_("Name"), False, _one(side.name)),
        (_("State"), False, (str(STATUSES[MemberStatus(side.status)]),)),
        (_("Birthday"), True, _one("{:02d}-{:02d}".format(*side.birthday) if side.birthday else "")),
        (_("Gender"), False, _one(str(GENDERS.get(side.gender, "")))),
        (_("Language"), False, _one(side.language)),
        (_("Home store"), False, _one(named(side.store) if side.store.zh else "")),
        (_("Registered"), True, (clock_day(side.registered_at),)),
        (_("Recognised by"), False, tuple(_recognised(side.identities))),
        (_("Tags"), False, tuple(sorted(side.tags, key=lambda tag: (side.tags[tag], tag)))),
        (
            _("Consents"),
            False,
            tuple(_answer(*asked, side.consents[asked].granted) for asked in sorted(side.consents)),
        ),
    ]
    if Scope.TIERS_READ in caller.scopes:
        traits.append((_("Tier"), False, (named(tier_name(tier)),)))
    if Scope.POINTS_READ in caller.scopes:
        traits.append((_("Points"), True, (number(side.points),)))
        traits.append((_("Points owed"), True, _one(number(side.debt) if side.debt else "")))
    if Scope.ORDERS_READ in caller.scopes:
        traits.append((_("Orders"), True, (number(side.orders),)))
    return traits


def _recognised(identities: Iterable[Identity]) -> list[str]:
    # As members.models.Identity.PRIMARY_FIRST has it: of a kind the first is the one shown.
    ordered = sorted(
        identities,
        key=lambda each: (each.carried, -each.added_at.timestamp(), each.kind, -each.id),
    )
    return [f"{IDENTITIES[each.kind]} {each.masked}" for each in ordered]


def _one(text: str) -> tuple[str, ...]:
    return (text,) if text else ()


def _answer(channel: str, purpose: str, granted: bool) -> str:
    answer = _("agreed") if granted else _("refused")
    return f"{CHANNELS[channel][0]} · {PURPOSES[purpose]}{_(': ')}{answer}"
