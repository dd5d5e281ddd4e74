"""Names in both languages, and the faces of tiers."""

from __future__ import annotations

from dataclasses import dataclass

from laoke.engine.tiering import Tier


@dataclass(frozen=True, slots=True)
class Named:
    """A name in both languages; the page picks."""

    zh: str
    en: str


def tier_name(tier: Tier) -> Named:
    """What members call the tier."""
    return Named(tier.name_zh, tier.name_en)


def face(rank: int, rungs: int) -> str:
    """The card's colour: plain for the lowest rung, diamond for the highest of four or more, gold below it."""
    if rank == 0:
        return "plain"
    if rank == rungs - 1:
        return "diamond" if rungs > 3 else "gold"
    return "gold" if rank == rungs - 2 and rungs > 3 else "silver"
