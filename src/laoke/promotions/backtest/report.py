"""What a backtest found, as plain values for the console, for JSON and for the terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from laoke.engine.pricing.compiled import Programme
from laoke.promotions.backtest.account import Account, Count
from laoke.promotions.backtest.past import Money
from laoke.promotions.backtest.responses import Answer, Responses, answers, break_even


@dataclass(frozen=True, slots=True)
class Share:
    """A part of a whole, kept as both: nobody has to guess what a percentage is of."""

    part: int
    whole: int

    @property
    def percent(self) -> float:
        """In percent, to two decimals."""
        return round(100 * self.part / self.whole, 2) if self.whole else 0.0


@dataclass(frozen=True, slots=True)
class Margin:
    """Margin of goods with known cost, at the costs of now; gifts are paid from it."""

    net_minor: int
    cost_minor: int
    margin_minor: int

    @property
    def percent(self) -> float | None:
        """Of the net amount; None when nothing was sold."""
        return round(100 * self.margin_minor / self.net_minor, 2) if self.net_minor else None


@dataclass(frozen=True, slots=True)
class OfferLine:
    """What one offer gives: in how many orders and how much, without the offer that is tried and with it.

    `together` are orders that have both; `pushed_out` orders in which it loses, and how much.
    """

    key: str
    stage: str
    orders_before: int
    minor_before: int
    orders_after: int
    minor_after: int
    together: int = 0
    pushed_out: int = 0
    pushed_out_minor: int = 0


@dataclass(frozen=True, slots=True)
class Day:
    """What the offer gives on one day."""

    day: date
    orders: int
    minor: int


@dataclass(frozen=True, slots=True)
class Report:
    """The orders of a period with the offer and without it. Money in minor units.

    Args:
        key: of the offer that was tried.
        first_day, last_day: both included; `stores` the codes, None: all.
        orders: all that were replayed; `of_orders` how many the period has, more when this is a sample.
        hit: orders it is given to; `refused_by_limits` those that had it but for its limits.
        hit_members: different members among them; `hit_orders_of_members` their orders.
        anyway: orders that reached the offer without knowing it, of these and the ones within reach of it; all it gives
            in a backtest is given to them.
        break_even_percent: further orders like those hit that earn back what it costs; None: no number does.
        points: that offers add more than without it; `points_cost_minor` is what they are worth, paid from the margin.
        cost_known: the part of the turnover of goods whose cost is known.
        assumptions: what was assumed, in codes that the surfaces have words for.
    """

    key: str
    first_day: date
    last_day: date
    stores: tuple[str, ...] | None
    programme_version: int
    orders: int
    of_orders: int
    orders_of_members: int
    items_minor: int
    own_discount_minor: int
    booked_minor: int
    before_minor: int
    after_minor: int
    hit: Share
    refused_by_limits: int
    given_minor: int
    hit_members: int
    hit_orders_of_members: int
    anyway: Share
    offers: tuple[OfferLine, ...]
    margin_before: Margin
    margin_after: Margin
    cost_known: Share
    gifts: tuple[tuple[str, int], ...]
    coupons: tuple[tuple[str, int], ...]
    gifts_without_cost: int
    points: int
    points_cost_minor: int
    budget_minor: int | None
    days: tuple[Day, ...]
    near_orders: int
    near_added_minor: int
    responses: tuple[Answer, ...]
    break_even_percent: float | None
    orders_at_floor: int
    lines_at_floor: int
    orders_capped: int
    assumptions: tuple[str, ...]
    seconds: float
    baskets_per_second: int

    @property
    def is_sample(self) -> bool:
        """Whether only some of the orders were replayed."""
        return self.orders < self.of_orders


@dataclass(frozen=True, slots=True)
class Asked:
    """What a report is about."""

    key: str
    first_day: date
    last_day: date
    stores: tuple[str, ...] | None
    programme_version: int
    of_orders: int
    responses: Responses
    assumptions: tuple[str, ...]


def report(
    asked: Asked, account: Account, after: Programme, stages: Mapping[str, str], seconds: float
) -> Report:
    """Say what the sums say.

    Args:
        after: the programme with the offer; `stages` by offer.
    """
    offer = next(each.offer for each in after.offers if each.offer.key == asked.key)
    brought = account.brought
    change = account.hit_after.plus(account.hit_before, -1)
    with_it = brought.plus(change)
    needed = break_even(account)
    return Report(
        asked.key,
        asked.first_day,
        asked.last_day,
        asked.stores,
        asked.programme_version,
        account.orders,
        max(asked.of_orders, account.orders),
        account.of_members,
        account.items_minor,
        account.own_minor,
        account.booked_minor,
        brought.net,
        with_it.net,
        Share(account.given.orders, account.orders),
        account.refused.orders,
        account.given.minor,
        len(account.members),
        account.hit_of_members,
        Share(account.given.orders, account.given.orders + account.near),
        _offers(asked.key, account, stages),
        _margin(brought),
        _margin(with_it),
        Share(brought.known_net, brought.net),
        _pieces(account.gifts),
        _pieces(account.coupons),
        change.gifts_unknown,
        change.points,
        change.points_cost,
        offer.limits.budget_minor,
        tuple(Day(day, count.orders, count.minor) for day, count in sorted(account.by_day.items())),
        account.near,
        account.near_added_minor,
        answers(account, asked.responses),
        None if needed is None else round(float(needed * 100), 2),
        account.orders_at_floor,
        account.lines_at_floor,
        account.orders_capped,
        asked.assumptions,
        round(seconds, 2),
        round(account.orders / seconds) if seconds > 0 else 0,
    )


def to_json(found: Report) -> dict[str, Any]:
    """As plain JSON values, with the percentages worked out."""
    document = asdict(found)
    for name in ("hit", "anyway", "cost_known"):
        document[name]["percent"] = getattr(found, name).percent
    for name in ("margin_before", "margin_after"):
        document[name]["percent"] = getattr(found, name).percent
    return {name: _plain(value) for name, value in document.items()}


def from_json(document: Mapping[str, Any]) -> Report:
    """What `to_json` wrote."""
    values = dict(document)
    for name in ("hit", "anyway", "cost_known"):
        values[name] = Share(values[name]["part"], values[name]["whole"])
    for name in ("margin_before", "margin_after"):
        values[name] = Margin(*(values[name][part] for part in ("net_minor", "cost_minor", "margin_minor")))
    values["first_day"] = date.fromisoformat(values["first_day"])
    values["last_day"] = date.fromisoformat(values["last_day"])
    values["stores"] = None if values["stores"] is None else tuple(values["stores"])
    values["offers"] = tuple(OfferLine(**each) for each in values["offers"])
    values["days"] = tuple(
        Day(date.fromisoformat(each["day"]), each["orders"], each["minor"]) for each in values["days"]
    )
    values["responses"] = tuple(
        Answer(
            **{
                **each,
                "near_orders": Decimal(each["near_orders"]),
                "more_orders": Decimal(each["more_orders"]),
            }
        )
        for each in values["responses"]
    )
    for name in ("gifts", "coupons"):
        values[name] = tuple((each[0], each[1]) for each in values[name])
    values["assumptions"] = tuple(values["assumptions"])
    return Report(**values)


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _plain(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    if isinstance(value, date | datetime):
        return value.isoformat()
    return str(value) if isinstance(value, Decimal) else value


def _margin(brought: Money) -> Margin:
    cost = brought.cost + brought.gift_cost + brought.points_cost
    return Margin(brought.known_net, cost, brought.margin)


def _offers(key: str, account: Account, stages: Mapping[str, str]) -> tuple[OfferLine, ...]:
    """The offer itself first, then the others by what they give."""
    none = Count()
    own_before = account.offers.get(key, none)
    lines = [
        OfferLine(
            key,
            stages[key],
            own_before.orders,
            own_before.minor,
            account.given.orders,
            account.given.minor,
            account.given.orders,
        )
    ]
    others = sorted(
        {*account.offers, *account.changed, *account.together} - {key},
        key=lambda each: (-account.offers.get(each, none).minor, each),
    )
    for other in others:
        before, changed = account.offers.get(other, none), account.changed.get(other, none)
        lost = account.pushed_out.get(other, none)
        lines.append(
            OfferLine(
                other,
                stages.get(other, ""),
                before.orders,
                before.minor,
                before.orders + changed.orders,
                before.minor + changed.minor,
                account.together.get(other, 0),
                lost.orders,
                lost.minor,
            )
        )
    return tuple(lines)


def _pieces(by_name: Mapping[str, int]) -> tuple[tuple[str, int], ...]:
    found: Sequence[tuple[str, int]] = sorted(by_name.items(), key=lambda each: (-each[1], each[0]))
    return tuple(found)
