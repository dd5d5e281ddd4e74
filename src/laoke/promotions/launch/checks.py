"""Everything that is checked before an offer starts, against the offers that will run beside it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from itertools import islice
from typing import Any, NamedTuple

from django.conf import settings

from laoke.engine.policy import PointsPolicy, Shortfall
from laoke.engine.pricing.basket import Basket, Line
from laoke.engine.pricing.compiled import Programme
from laoke.engine.pricing.effects.amount import Amount, FixedPrice, PriceList
from laoke.engine.pricing.effects.extras import GiveGift, GrantCoupon
from laoke.engine.pricing.effects.percent import Allocation, Percent
from laoke.engine.pricing.pricing import price
from laoke.engine.refunds import RefundPolicy
from laoke.foundation import generations
from laoke.kernel.quantity import MILLI
from laoke.points import policy as points_policy
from laoke.promotions import policy as pricing_policy
from laoke.promotions import publication
from laoke.promotions.backtest import trial
from laoke.promotions.backtest.past import Given, Past
from laoke.promotions.backtest.reading import Period, Reader, slices
from laoke.promotions.backtest.trial import Trial
from laoke.promotions.documents.offers import OfferDocument
from laoke.promotions.documents.pricing import LegalChecks
from laoke.promotions.launch import prices, wording
from laoke.promotions.launch.meetings import Meetings
from laoke.promotions.launch.shoppers import Shopper, shoppers
from laoke.promotions.launch.worst import Bounds, By, Item, Worst, stand_ins, worst
from laoke.promotions.telling import Says
from laoke.purchases import selectors as purchases
from laoke.purchases.types import ProductFacts
from laoke.tiers import ladder

_MOST_ARTICLES = 50_000
_PAST_DAYS = 14
_PAST_ORDERS = 400


class Severity(StrEnum):
    """How much somebody should mind."""

    LOSS = "loss"  # money is lost
    WARNING = "warning"
    DUTY = "duty"  # what has to be said to shoppers
    FINE = "fine"


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check found.

    Args:
        check: "worst_basket", "overlap", "loop", "points", "refund", "lowest_price", "announcement",
            "prizes".
        offers: the offers it is about.
        article: of the law, where one says it.
    """

    check: str
    severity: Severity
    says: Says
    offers: tuple[str, ...] = ()
    article: Says | None = None


@dataclass(frozen=True, slots=True)
class Checked:
    """All findings, the worst first, and the worst baskets with their receipts."""

    key: str
    findings: tuple[Finding, ...]
    by_money: Worst | None
    by_share: Worst | None
    prices: tuple[prices.Misstated, ...]


class Scene(NamedTuple):
    """What checks look at: the trial, the rules of points and of pricing, the catalogue, who may come."""

    trial: Trial
    document: OfferDocument
    points: PointsPolicy
    refund: RefundPolicy
    legal: LegalChecks
    products: Mapping[str, ProductFacts]
    items: Sequence[Item]
    shoppers: Sequence[Shopper]
    past: Sequence[Past]
    at: datetime
    others: Mapping[str, OfferDocument]

    def called(self, sku: str) -> str:
        """What an article is called; its SKU where nobody knows."""
        return self.products[sku].name if sku in self.products else sku

    def offer(self, key: str) -> Says:
        """What an offer in force is called."""
        document = self.others.get(key)
        return Says(key, key) if document is None else Says(document.name.zh, document.name.en)


def check(
    key: str,
    document: OfferDocument,
    *,
    at: datetime,
    seconds: float = 3.0,
    bounds: Bounds = Bounds(),  # noqa: B008 -- a value
) -> Checked:
    """Check an offer against what is published.

    Args:
        at: now.
        seconds: how long the search for the worst baskets may take altogether.
    """
    scene = _scene(key, document, at)
    meetings = Meetings(key)
    gift_costs = {
        sku: cost
        for sku in scene.trial.gifts()
        if sku in scene.products and (cost := scene.products[sku].cost_minor) is not None
    }
    standing_in = stand_ins(scene.trial.after, scene.items)
    found = [
        worst(
            scene.trial.after,
            scene.items,
            scene.shoppers,
            scene.at,
            by=by,
            bounds=bounds,
            past=scene.past,
            beside=Given(gift_costs, scene.points),
            seconds=seconds / 2,
            told=meetings.look,
            standing_in=standing_in,
        )
        for by in By
    ]
    misstated = tuple(_misstated(scene))
    findings = [
        *_baskets(scene, found),
        *_overlaps(scene, meetings),
        *_loops(scene, meetings),
        *_points(scene, found),
        *_refunds(scene),
        *_lowest_price(key, misstated),
        *_announcement(scene),
        *_prizes(scene),
    ]
    order = list(Severity)
    findings.sort(key=lambda each: order.index(each.severity))
    return Checked(key, tuple(findings), found[0], found[1], misstated)


def to_json(found: Checked) -> dict[str, Any]:
    """As plain JSON values."""
    return {
        "findings": [
            {
                "check": each.check,
                "severity": each.severity.value,
                "says": each.says._asdict(),
                "offers": list(each.offers),
                "article": each.article._asdict() if each.article else None,
            }
            for each in found.findings
        ],
        "worst_by_money": _basket(found.by_money),
        "worst_by_share": _basket(found.by_share),
        "prices": [each._asdict() for each in found.prices],
    }


def _basket(found: Worst | None) -> dict[str, Any] | None:
    if found is None:
        return None
    known = {
        name: sorted(value) if isinstance(value, frozenset) else value for name, value in found.known.items()
    }
    return asdict(found) | {"known": known, "percent": found.percent}


def _scene(key: str, document: OfferDocument, at: datetime) -> Scene:
    version = generations.current(generations.PROGRAMME)
    found = trial.at_version(version, key, document, at)
    pricing = pricing_policy.at_version(version)
    products = purchases.active_products(_MOST_ARTICLES)
    missing = found.gifts() - products.keys()
    products |= purchases.products_by_sku(missing) if missing else {}
    items = [
        Item(each.article, each.price_minor, each.cost_minor)
        for each in products.values()
        if each.cost_minor is not None and each.price_minor
    ]
    return Scene(
        found,
        document,
        points_policy.at_version(version),
        pricing.refund,
        pricing.document.checks,
        products,
        items,
        shoppers(found.after, products, lowest_tier=ladder.at_version(version).tiers[0].code),
        _past(at, found.asks),
        at,
        publication.at_version(version).documents,
    )


def _past(at: datetime, asks: frozenset[str]) -> list[Past]:
    """Some orders of the last days: what people really put together."""
    today: date = at.astimezone(settings.LAOKE.zone).date()
    parts = slices(Period(today - timedelta(days=_PAST_DAYS), today), _PAST_ORDERS)
    if not parts:
        return []
    return list(islice(Reader(asks, at).read(parts[len(parts) // 2]), _PAST_ORDERS))


# Each check.


def _baskets(scene: Scene, found: Sequence[Worst | None]) -> Iterator[Finding]:
    by_money, by_share = found
    if by_money is None or by_share is None:
        yield Finding("worst_basket", Severity.WARNING, wording.no_costs())
        return
    for each in (by_money, by_share):
        severity = Severity.LOSS if each.margin_minor < 0 else Severity.FINE
        offers = tuple(key for key, _ in each.given)
        yield Finding("worst_basket", severity, wording.worst_basket(each, scene.called), offers)
        if by_money.lines == by_share.lines:
            return


def _overlaps(scene: Scene, meetings: Meetings) -> Iterator[Finding]:
    together: dict[tuple[str, ...], list[str]] = {}
    for key, meeting in meetings.with_others.items():
        together.setdefault(meeting.offers, []).append(key)
    groups = [(meetings.with_others[keys[0]], keys) for keys in together.values()]
    for meeting, keys in sorted(groups, key=lambda each: -each[0].percent):
        yield Finding(
            "overlap",
            Severity.WARNING,
            wording.overlap([scene.offer(key) for key in keys], meeting.percent, len(meeting.offers)),
            meeting.offers,
        )


def _loops(scene: Scene, meetings: Meetings) -> Iterator[Finding]:
    for loop in meetings.loops.values():
        points = scene.points.give_back * loop.net
        left = loop.margin - int(points)
        severity = Severity.LOSS if left < 0 else Severity.WARNING
        yield Finding("loop", severity, wording.loop(loop, left), (loop.given_by, loop.used_by))


def _points(scene: Scene, found: Sequence[Worst | None]) -> Iterator[Finding]:
    """A basket that leaves something, but less than the points it earns are worth."""
    by_share = found[1]
    if by_share is None or by_share.margin_minor < 0:
        return
    worth = int(scene.points.give_back * by_share.net_minor)
    if worth > by_share.margin_minor:
        yield Finding(
            "points",
            Severity.LOSS,
            wording.points(by_share.margin_minor, worth),
            tuple(key for key, _ in by_share.given),
        )


def _refunds(scene: Scene) -> Iterator[Finding]:
    """What stays with a shopper who brings the goods back."""
    if scene.points.shortfall is Shortfall.WAIVE and scene.points.give_back:
        yield Finding("refund", Severity.WARNING, wording.points_kept())
    effects = scene.trial.replayer({}).ready.offer.effects
    kept = any(isinstance(effect, GiveGift | GrantCoupon) for effect in effects)
    if kept and scene.document.when is not None and scene.refund is RefundPolicy.KEEP_THE_DEAL:
        yield Finding("refund", Severity.WARNING, wording.gift_kept(), (scene.trial.key,))


def _lowest_price(key: str, misstated: Sequence[prices.Misstated]) -> Iterator[Finding]:
    if not misstated:
        return
    none = sum(each.is_none for each in misstated)
    severity = Severity.LOSS if none else Severity.WARNING
    articles = len({each.sku for each in misstated})
    yield Finding(
        "lowest_price",
        severity,
        wording.lowest_price(articles, none, misstated[0]),
        (key,),
        wording.ARTICLE_OF_BASES,
    )


def _announcement(scene: Scene) -> Iterator[Finding]:
    """What shoppers have to be told beside the price."""
    if not _is_lawful_place(scene.legal.announcement):
        return
    document, key = scene.document, scene.trial.key
    if document.when is not None or document.limits.model_fields_set:
        yield Finding(
            "announcement", Severity.DUTY, wording.conditions(), (key,), wording.ARTICLE_OF_CONDITIONS
        )
    if document.ends is not None:
        yield Finding("announcement", Severity.DUTY, wording.days(), (key,), wording.ARTICLE_OF_CONDITIONS)
    if any(each.gift is not None for each in document.gives):
        yield Finding("announcement", Severity.DUTY, wording.gifts(), (key,), wording.ARTICLE_OF_GIFTS)


def _prizes(scene: Scene) -> Iterator[Finding]:
    """Gifts to every buyer are prizes too: what they are and how many there are is published before. Nothing here draws
    lots, so there are no odds and no largest prize."""
    gifts = [each.gift for each in scene.document.gives if each.gift is not None]
    if not gifts or not _is_lawful_place(scene.legal.prizes):
        return
    limits = scene.document.limits
    says = wording.prizes(
        None if limits.in_total is None else limits.in_total * sum(each.quantity for each in gifts)
    )
    yield Finding("prizes", Severity.DUTY, says, (scene.trial.key,), wording.CHAPTER_OF_PRIZES)


def _is_lawful_place(wanted: bool | None) -> bool:
    """Whether a check of Chinese law is on: where nothing is said, for shops that count in yuan."""
    return settings.LAOKE.currency == "CNY" if wanted is None else wanted


def _misstated(scene: Scene) -> Iterator[prices.Misstated]:
    if not _is_lawful_place(scene.legal.lowest_price):
        return
    announced = list(_announced(scene))
    if not announced:
        return
    start = scene.trial.starts_at(scene.document)
    start = scene.at if start is None or start > scene.at else start
    found = prices.bases([each.product_id for each in announced], start)
    yield from prices.misstated(announced, found)


def _announced(scene: Scene) -> Iterator[prices.Announced]:
    """Articles of which the offer says another price than the list price, for one unit and without conditions on the
    basket."""
    offer = scene.trial.replayer({}).ready.offer
    if not any(_is_price(effect) for effect in offer.effects):
        return
    alone = Programme([offer], scene.trial.after.policies, guards=scene.trial.after.guards)
    buyers = shoppers(alone, scene.products)
    for product in scene.products.values():
        if not product.price_minor:
            continue
        line = Line(1, product.article, MILLI, product.price_minor, cost_minor=product.cost_minor)
        if not alone.concerned(Basket((line,)), buyers[0].facts)[1]:
            continue
        nets = [
            price(Basket((line,), codes=each.codes, channel=each.channel), alone, each.facts, scene.at)
            for each in buyers
        ]
        least = min(each.total_minor for each in nets)
        if least < product.price_minor:
            yield prices.Announced(product.id, product.sku, product.price_minor, least)


def _is_price(effect: object) -> bool:
    if isinstance(effect, Percent | Amount):
        return effect.target is not None and effect.allocation is Allocation.EACH
    return isinstance(effect, FixedPrice | PriceList)
