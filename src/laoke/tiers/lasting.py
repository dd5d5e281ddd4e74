"""How long a member's tier lasts, and what comes after it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from laoke.engine.tiering import Ladder
from laoke.tiers.models import Standing
from laoke.tiers.words import Says

HOW = {
    "manual": Says("人工设定", "Set by hand"),
    "trial": Says("体验", "On trial"),
    "invitation": Says("受邀", "By invitation"),
    "bought": Says("积分购买", "Bought with points"),
    "paid": Says("付费会员", "Paid membership"),
}


@dataclass(frozen=True, slots=True)
class Lasting:
    """Until when a tier is a member's. `valid_until` is the last day of the period, which comes to an end after the
    grace of the tier on `judged_on`. A tier that was not earned has `how` it came, its last day, and what comes `back`.
    """

    valid_until: date | None = None
    judged_on: date | None = None
    extended: bool = False
    how: str | None = None
    assigned: str | None = None
    assigned_until: date | None = None
    back: str | None = None


def lasting(row: Standing, ladder: Ladder) -> Lasting:
    """Of a member's standing, by the ladder in force."""
    validity = ladder.tier(row.tier).validity
    # While a tier assigned holds it, no period takes it.
    held = bool(row.floor_tier) and ladder.rank(row.floor_tier) >= ladder.rank(row.tier)
    until = row.valid_until if validity and not held else None
    return Lasting(
        valid_until=until,
        judged_on=validity.judged_on(until) if validity and until else None,
        extended=until is not None and row.extended_from is not None,
        how=row.how or None,
        assigned=row.floor_tier or None,
        assigned_until=row.floor_until,
        back=row.back["tier"] if row.back else None,
    )


def says(found: Lasting, ladder: Ladder) -> tuple[Says, ...]:
    """The same as an associate says it; nothing where a tier simply lasts."""
    told = []
    if found.assigned and found.how:
        how, tier = HOW[found.how], ladder.tier(found.assigned)
        zh, en = f"{how.zh}{tier.name_zh}", f"{how.en}: {tier.name_en}"
        if until := found.assigned_until:
            zh, en = f"{zh}，至 {until}", f"{en}, until {until}"
        told.append(Says(zh, en))
    if until := found.valid_until:
        zh, en = f"有效期至 {until}", f"Valid until {until}"
        told.append(Says(f"{zh}（已延保）", f"{en}, extended") if found.extended else Says(zh, en))
    return tuple(told)
