"""What an offer gives: real baskets priced with the draft among the offers in force, for every kind of shopper.

The engine that the till asks is asked. Of the member only the tier is chosen; whatever else the draft asks of a member
is taken to hold, and said to be so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, NamedTuple

import orjson
from django.conf import settings
from django.utils.translation import gettext as _

from laoke.checkout import catalogue, naming
from laoke.checkout.programme import Programme
from laoke.checkout.programme import at_version as programme_at
from laoke.engine.conditions import All, Is, Op, Tree, leaves
from laoke.engine.conditions.predicates import predicate
from laoke.engine.conditions.vocabulary import Kind
from laoke.engine.extra_points import at_rate, extra_points
from laoke.engine.pricing import compiled, plain
from laoke.engine.pricing.attributes import moment_facts
from laoke.engine.pricing.basket import Basket, Delivery, Line
from laoke.engine.pricing.board import CouponFact, Facts, Uses
from laoke.engine.pricing.effects.turn import Earns
from laoke.engine.pricing.guards import UNGUARDED, Guards
from laoke.engine.pricing.plain import BasketLine
from laoke.engine.pricing.priced import Priced
from laoke.engine.pricing.pricing import price
from laoke.engine.pricing.selectors import Seen
from laoke.foundation import generations
from laoke.foundation.access import Caller
from laoke.foundation.sql import hot_cursor, load
from laoke.kernel.quantity import MILLI, format_milli
from laoke.promotions import publication, selectors
from laoke.promotions import words as sayings
from laoke.promotions.documents.offers import Fault, OfferDocument, read_offer
from laoke.promotions.language import language
from laoke.promotions.telling import Says
from laoke.promotions.vocabulary import VOCABULARY
from laoke.purchases import selectors as purchases
from laoke.purchases.types import ProductFacts
from laoke.surfaces.console.naming import Named, face, tier_name
from laoke.surfaces.console.selectors.stores import limit_of

MOST_BASKETS = 40
GUEST = "-"
_COUPON = "preview"
_DAYS_AHEAD = 62
_FEE_MINOR = 1000


class BasketLineShown(NamedTuple):
    """An article in a basket."""

    sku: str
    name: Named
    quantity_milli: int
    unit_price_minor: int


@dataclass(frozen=True, slots=True)
class Sample:
    """A basket to try: of a past order, or put together for the offer (order None)."""

    order_id: int | None
    placed_at: datetime | None
    store: Named
    store_code: str
    lines: tuple[BasketLineShown, ...]


@dataclass(frozen=True, slots=True)
class ReceiptLine:
    """One article: `offered` is what the draft took off it, `off_minor` what all offers took."""

    name: Named
    quantity: str
    amount_minor: int
    off_minor: int
    offered_minor: int
    in_it: bool


@dataclass(frozen=True, slots=True)
class GivenLine:
    """What one offer took off the basket. `place` is that of its stage."""

    key: str
    name: Named
    stage: str
    place: int
    minor: int
    gifts: tuple[Named, ...]
    is_draft: bool


@dataclass(frozen=True, slots=True)
class Margin:
    """What the shop keeps of the articles whose cost it knows, in shares.

    Args:
        guard: the lowest the guards let these articles come to; None without guards on them.
        held_minor: what offers would have taken beyond the guards.
        known: the share of the amount to pay whose cost is known.
    """

    share: float | None
    before: float | None
    guard: float | None
    minor: int
    held_minor: int
    known: float


@dataclass(frozen=True, slots=True)
class Receipt:
    """A basket priced for one kind of shopper, with an assumed delivery where the draft is about one. `why_not` says
    why the draft gives nothing, None when it does."""

    who: str
    name: Named | None
    face: str
    lines: tuple[ReceiptLine, ...]
    given: tuple[GivenLine, ...]
    items_minor: int
    shipping_minor: int
    total_minor: int
    saved_minor: int
    points: int
    margin: Margin
    is_given: bool
    why_not: Named | None
    hints: tuple[Named, ...]


@dataclass(frozen=True, slots=True)
class Preview:
    """A sample basket with its receipts.

    Args:
        at: the instant it is priced for: now, or the first at which the draft would run.
        chosen: for whom the receipt is that is looked at; `asked` the same when somebody chose it.
        assumed: what is taken to hold of the member, by attribute.
        readable: whether the draft can be priced at all.
        next, before: the numbers of the neighbouring samples.
    """

    sample: Sample | None
    receipts: tuple[Receipt, ...]
    chosen: str
    asked: str
    at: datetime
    assumed: tuple[tuple[Named, str], ...]
    readable: bool
    number: int
    samples: int
    hits: int

    @property
    def next(self) -> int:
        """The sample after this one, round and round."""
        return (self.number + 1) % max(1, self.samples)

    @property
    def receipt(self) -> Receipt | None:
        """The one that is looked at first."""
        return next((each for each in self.receipts if each.who == self.chosen), None)


def preview(
    caller: Caller,
    rules: Programme,
    key: str,
    document: Mapping[str, Any],
    *,
    at: datetime,
    who: str = "",
    number: int = 0,
) -> Preview:
    """Price a sample basket with a draft.

    Args:
        rules: in force.
        document: of the draft, which may be unfinished; then the offers in force are shown without it.
        who: a tier, or GUEST; "" the one the draft is for.
        number: which of the samples; those to which the draft gives something come first.
    """
    draft = _read(document)
    programme = _with(
        rules.version, key, orjson.dumps(document, option=orjson.OPT_SORT_KEYS) if draft else b""
    )
    moment = _moment(draft, at)
    shopper = _assumed(draft)
    samples, products = _samples(caller, draft, programme, at)
    shoppers = [tier.code for tier in rules.ladder.tiers]
    who = who if who in (*shoppers, GUEST) else ""
    chosen = who or _meant(draft, shoppers)
    trial = _Trial(rules, programme, key, draft, moment, shopper, products, _uses(rules, key, draft))
    found = [(sample, trial.priced(sample, chosen)) for sample in samples]
    hitting = [each for each in found if _gives(each[1], key)]
    ordered = [*hitting, *(each for each in found if each not in hitting)]
    if not ordered:
        return Preview(None, (), chosen, who, moment, shopper.said, draft is not None, 0, 0, 0)
    number %= len(ordered)
    sample = ordered[number][0]
    receipts = tuple(trial.receipt(sample, each) for each in (GUEST, *shoppers))
    return Preview(
        sample,
        receipts,
        chosen,
        who,
        moment,
        shopper.said,
        draft is not None,
        number,
        len(ordered),
        len(hitting),
    )


def _read(document: Mapping[str, Any]) -> OfferDocument | None:
    try:
        return read_offer(document, language())
    except Fault:
        return None


@lru_cache(maxsize=32)
def _with(version: int, key: str, text: bytes) -> compiled.Programme | None:
    """The offers of a version with a draft in its place; kept, since most questions are about one draft."""
    rules = programme_at(version)
    documents = {name: each for name, each in rules.offers.documents.items() if name != key}
    if text:
        documents[key] = read_offer(orjson.loads(text), language()).model_copy(update={"paused": False})
    return publication.compiled(documents, rules.pricing).compiled


def _gives(found: Priced | None, key: str) -> bool:
    return found is not None and any(deal.ready.offer.key == key for deal in found.given)


def _meant(draft: OfferDocument | None, tiers: Sequence[str]) -> str:
    """Whom the draft is for, as far as it says; members of the second tier otherwise, or the only one there is."""
    for leaf in _said(draft):
        if leaf.attribute == "member.tier":
            for tier in reversed(tiers):
                if _holds(leaf, tier):
                    return tier
        if leaf.attribute == "member.known" and leaf.value is False:
            return GUEST
    return tiers[min(1, len(tiers) - 1)]


def _holds(leaf: Is, value: Any) -> bool:
    def given(_leaf: Is) -> Callable[[Any], Any]:
        return lambda known: known

    return predicate(leaf, given)(value)


def _said(draft: OfferDocument | None) -> Iterator[Is]:
    """Every comparison that has to hold by itself."""

    def flat(tree: Tree | None) -> Iterator[Is]:
        if isinstance(tree, Is):
            yield tree
        elif isinstance(tree, All):
            for part in tree.parts:
                yield from flat(part)

    return flat(None if draft is None else draft.when)


class _Shopper(NamedTuple):
    """What is taken to be known of a member and the store, and how that is said."""

    known: Mapping[str, Any]
    said: tuple[tuple[Named, str], ...]


_NOT_ASSUMED = ("member.tier", "member.known")


def _assumed(draft: OfferDocument | None) -> _Shopper:
    known: dict[str, Any] = {}
    said = []
    for leaf in _said(draft):
        subject = leaf.attribute.partition(".")[0]
        if subject not in ("member", "store") or leaf.attribute in _NOT_ASSUMED or leaf.attribute in known:
            continue
        value = _witness(leaf)
        if value is None:
            continue
        known[leaf.attribute] = value
        if subject == "member":
            attribute = VOCABULARY[leaf.attribute]
            text = ", ".join(sorted(value)) if isinstance(value, frozenset) else str(value)
            if isinstance(value, bool):
                text = ""
            said.append((Named(attribute.zh, attribute.en), text))
    return _Shopper(known, tuple(said))


def _witness(leaf: Is) -> Any:
    """A value for which the comparison holds; None where one is not easily said."""
    attribute, value = VOCABULARY[leaf.attribute], leaf.value
    if isinstance(value, frozenset):
        if leaf.op is Op.NOT_IN:
            return frozenset() if attribute.several else None
        return value if attribute.several else min(value, key=str)
    if isinstance(value, int) and not isinstance(value, bool):
        return {Op.GT: value + 1, Op.LT: value - 1}.get(leaf.op, None if leaf.op is Op.NE else value)
    if leaf.op in (Op.EQ, Op.GTE, Op.LTE) and attribute.kind is not Kind.TIME:
        return value
    return None


def _moment(draft: OfferDocument | None, at: datetime) -> datetime:
    """The first instant from now on at which the draft runs, looked for over two months; else now."""
    if draft is None:
        return at
    zone = settings.LAOKE.zone
    first, last = draft.window(zone)
    begin = max(at, first) if first is not None else at
    trees = [
        tree
        for tree in _parts(draft.when)
        if all(leaf.attribute.startswith("moment.") for leaf in leaves(tree))
    ]
    ask = predicate(All(tuple(trees)), _of_moment)
    for ahead in range(_DAYS_AHEAD):
        day = (begin + timedelta(days=ahead)).astimezone(zone)
        tries = [
            day.replace(hour=hour, minute=30, second=0, microsecond=0) for hour in (10, 18, 14, 21, 7, 1, 4)
        ]
        for moment in [begin, *tries] if not ahead else tries:
            if moment < begin or (last is not None and moment > last):
                continue
            if ask(moment_facts(moment, zone)):
                return moment
    return begin


def _of_moment(leaf: Is) -> Callable[[Mapping[str, Any]], Any]:
    return lambda facts: facts.get(leaf.attribute)


def _parts(tree: Tree | None) -> Iterator[Tree]:
    if isinstance(tree, All):
        for part in tree.parts:
            yield from _parts(part)
    elif tree is not None:
        yield tree


def _uses(rules: Programme, key: str, draft: OfferDocument | None) -> dict[str, Uses]:
    """What limited offers have given so far: one that is used up gives nothing here either."""
    counted = set(rules.offers.limited)
    if draft is not None and (draft.limits.in_total is not None or draft.limits.budget is not None):
        counted.add(key)
    if not counted:
        return {}
    found = selectors.spent(sorted(counted))
    return {name: Uses(total=each.uses, spent_minor=each.minor) for name, each in found.items()}


def _samples(
    caller: Caller, draft: OfferDocument | None, programme: compiled.Programme | None, at: datetime
) -> tuple[list[Sample], dict[str, ProductFacts]]:
    """Baskets of past orders, and one put together for the draft; with their articles."""
    values = {"stores": limit_of(caller), "at": at, "most": MOST_BASKETS, "order_id": None}
    with hot_cursor() as cursor:
        rows = cursor.execute(load("laoke.surfaces.console", "offer_baskets"), values).fetchall()
    samples = [
        Sample(
            order_id,
            placed_at,
            Named(store, store_en or store),
            code,
            tuple(
                BasketLineShown(sku, Named(name, name_en or name), milli, unit_price)
                for _id, sku, name, name_en, milli, unit_price in orjson.loads(lines)
            ),
        )
        for order_id, placed_at, code, store, store_en, lines in rows
    ]
    known = catalogue.known(generations.current(generations.CATALOGUE))
    skus = {each.sku for sample in samples for each in sample.lines}
    products = {sku: known.products[sku] for sku in skus if sku in known.products}
    if missing := skus - products.keys():
        products |= purchases.products_by_sku(missing)
    built = _built(draft, known.products)
    if built:
        store = samples[0] if samples else None
        name = store.store if store else Named("", "")
        code = store.store_code if store else next(iter(known.stores), "")
        products |= {each.sku: each for each, _ in built}
        lines = tuple(
            BasketLineShown(each.sku, Named(each.name, each.name), units * MILLI, each.price_minor)
            for each, units in built
        )
        samples += [Sample(None, None, name, code, _times(lines, by)) for by in (1, 2, 3, 6)]
    return [each for each in samples if all(line.sku in products for line in each.lines)], products


def _times(lines: tuple[BasketLineShown, ...], by: int) -> tuple[BasketLineShown, ...]:
    return tuple(each._replace(quantity_milli=each.quantity_milli * by) for each in lines)


def _built(
    draft: OfferDocument | None, products: Mapping[str, ProductFacts]
) -> list[tuple[ProductFacts, int]]:
    """A few articles of every kind the draft speaks of, and one it does not."""
    if draft is None or not products:
        return []
    offer = draft.offer("draft", settings.LAOKE.zone)
    looked = [each for effect in offer.effects for each in effect.looks_at() if each is not None]
    wanted: dict[str, ProductFacts] = {}
    others: list[ProductFacts] = []
    by_price = sorted(products.values(), key=lambda each: (-each.price_minor, each.sku))
    middle = by_price[len(by_price) // 3 :]
    for selector in dict.fromkeys(looked):
        fitting = [each for each in middle if selector.static and selector.matches(Seen(each.article))] or [
            each for each in by_price if selector.static and selector.matches(Seen(each.article))
        ]
        wanted |= {each.sku: each for each in fitting[:2]}
    others = [each for each in middle if each.sku not in wanted][: 1 if wanted else 4]
    return [(each, 1) for each in [*wanted.values(), *others]][:8]


@dataclass(frozen=True, slots=True)
class _Trial:
    """Everything a basket is priced with."""

    rules: Programme
    programme: compiled.Programme | None
    key: str
    draft: OfferDocument | None
    at: datetime
    shopper: _Shopper
    products: Mapping[str, ProductFacts]
    uses: Mapping[str, Uses]

    def basket(self, sample: Sample) -> Basket:
        lines = tuple(
            Line(
                number,
                self.products[each.sku].article,
                each.quantity_milli,
                self.products[each.sku].price_minor,
                cost_minor=self.products[each.sku].cost_minor,
                earns_points=self.products[each.sku].earns_points,
            )
            for number, each in enumerate(sample.lines, start=1)
        )
        draft = self.draft
        codes: tuple[str, ...] = ()
        channel = None
        if draft is not None:
            codes = draft.codes[:1] or ((_COUPON,) if draft.coupons else ())
            channel = draft.channels[0] if draft.channels else None
            channel = channel or next(
                (
                    str(leaf.value)
                    for leaf in _said(draft)
                    if leaf.attribute == "basket.channel" and leaf.op is Op.EQ
                ),
                None,
            )
        return Basket(
            lines, self._deliveries(), codes=codes, channel=channel, currency=settings.LAOKE.currency
        )

    def _deliveries(self) -> tuple[Delivery, ...]:
        """One, of an assumed fee, where the draft is about deliveries."""
        deliveries = [each.delivery for each in self.draft.gives if each.delivery] if self.draft else []
        if not deliveries:
            return ()
        method = next((each.methods[0] for each in deliveries if each.methods), "")
        return (Delivery("trial", _FEE_MINOR, method),)

    def facts(self, sample: Sample, who: str) -> Facts:
        zone = settings.LAOKE.zone
        known: dict[str, Any] = {**moment_facts(self.at, zone), "store.code": sample.store_code}
        known |= {name: value for name, value in self.shopper.known.items() if name.startswith("store.")}
        if who == GUEST:
            return Facts(known, uses=self.uses)
        known |= {**self.shopper.known, "member.tier": who}
        coupons = {}
        if self.draft is not None and self.draft.coupons:
            coupons[_COUPON] = CouponFact(0, self.draft.coupons[0])
        usual = {"usual": frozenset(each.sku for each in sample.lines)}
        return Facts(known, is_member=True, lists=usual, uses=self.uses, coupons=coupons)

    def priced(self, sample: Sample, who: str) -> Priced | None:
        if self.programme is None:
            return None
        return price(self.basket(sample), self.programme, self.facts(sample, who), self.at, most_hints=3)

    def receipt(self, sample: Sample, who: str) -> Receipt:
        basket = self.basket(sample)
        found = self.priced(sample, who)
        tier = next(
            ((rank, each) for rank, each in enumerate(self.rules.ladder.tiers) if each.code == who), None
        )
        offs = [line.discount_minor for line in found.lines] if found else [0] * len(basket.lines)
        own = (
            next((deal for deal in found.given if deal.ready.offer.key == self.key), None) if found else None
        )
        why_not, hints = self._why_not(found)
        shipped = found.shipping_discount_minor if found else 0
        shipping = sum(each.price_minor for each in basket.deliveries) - shipped
        total = sum(line.amount_minor for line in basket.lines) - sum(offs) + shipping
        return Receipt(
            who,
            None if tier is None else tier_name(tier[1]),
            "" if tier is None else face(tier[0], len(self.rules.ladder.tiers)),
            tuple(
                ReceiptLine(
                    shown.name,
                    format_milli(shown.quantity_milli),
                    line.amount_minor,
                    off,
                    own.lines[place] if own else 0,
                    bool(own and (own.lines[place] or not any(own.lines))),
                )
                for place, (shown, line, off) in enumerate(zip(sample.lines, basket.lines, offs, strict=True))
            ),
            tuple(self._given(found)),
            sum(line.amount_minor for line in basket.lines),
            sum(each.price_minor for each in basket.deliveries),
            total,
            sum(offs) + shipped,
            self._points(sample, basket, found, offs, who),
            self._margin(sample, basket, offs, who),
            own is not None,
            why_not,
            hints,
        )

    def _given(self, found: Priced | None) -> Iterator[GivenLine]:
        for deal in found.given if found else ():
            key = deal.ready.offer.key
            document = (
                self.draft if key == self.key and self.draft is not None else self.rules.offers.documents[key]
            )
            gifts = [
                self._pieces("sku", [gift.sku] if gift.sku else gift.choices, gift.quantity)
                for gift in deal.gifts
            ]
            gifts += [self._pieces("template", [grant.template], grant.quantity) for grant in deal.grants]
            gifts += [_points(more) for more in deal.earns]
            yield GivenLine(
                key,
                Named(document.name.zh, document.name.en),
                document.stage.value,
                deal.ready.offer.stage + 1,
                deal.amount,
                tuple(gifts),
                key == self.key,
            )

    def _pieces(self, kind: str, codes: Sequence[str], quantity: int) -> Named:
        """So many of one of these: articles, or coupons of a template."""
        names = naming.telling(self.rules).names
        called = [names(kind, code) or Says(code, code) for code in codes]
        return Named(
            f"{' / '.join(each.zh for each in called)} × {quantity}",
            f"{' / '.join(each.en for each in called)} × {quantity}",
        )

    def _why_not(self, found: Priced | None) -> tuple[Named | None, tuple[Named, ...]]:
        if found is None or self.draft is None:
            return None, ()
        telling = naming.telling(self.rules)
        refused = next((each for each in found.refused if each.ready.offer.key == self.key), None)
        told = None
        if refused is not None:
            told = Named(*sayings.refusal(refused, self.draft, telling))
        hints = tuple(
            Named(*sayings.hint(each, telling)) for each in found.hints if each.ready.offer.key == self.key
        )
        return told, hints

    def _points(
        self, sample: Sample, basket: Basket, found: Priced | None, offs: Sequence[int], who: str
    ) -> int:
        if who == GUEST:
            return 0
        rules = None if self.rules.earning is None else self.rules.earning.rules
        lines = [
            BasketLine(
                line.line_no,
                0,
                line.quantity_milli,
                line.unit_price_minor,
                off,
                line.earns_points and (rules is None or rules.earns(line.article)),
            )
            for line, off in zip(basket.lines, offs, strict=True)
        ]
        paid = plain.price(lines, self.rules.points, available_points=0)
        giving = [deal.earns for deal in (found.given if found else ()) if deal.earns]
        bases = [line.earn_base_minor for line in paid.lines]
        if rules is not None:
            return rules.earned(basket, self.facts(sample, who), offs, bases, giving).points
        rate = self.rules.points.earn
        added = extra_points(at_rate(bases, rate), giving, bases, rate.rounding) if giving else ()
        return paid.points_earned + sum(points for each in added for points in each.values())

    def _margin(self, sample: Sample, basket: Basket, offs: Sequence[int], who: str) -> Margin:
        guards = self.rules.pricing.guards
        known = [
            (line, off, -(-line.cost_minor * line.quantity_milli // MILLI))
            for line, off in zip(basket.lines, offs, strict=True)
            if line.cost_minor is not None
        ]
        gross = sum(line.amount_minor for line, _, _ in known)
        cost = sum(each for _, _, each in known)
        net = gross - sum(off for _, off, _ in known)
        whole = sum(line.amount_minor for line in basket.lines) - sum(offs)
        least = sum(guards.floor(line, line.amount_minor) for line, _, _ in known)
        guarded = [line for line, _, _ in known if _is_guarded(line, guards)]
        return Margin(
            (net - cost) / net if net > 0 else None,
            (gross - cost) / gross if gross > 0 else None,
            (least - cost) / least if guarded and len(guarded) == len(known) and least > 0 else None,
            net - cost,
            self._held(sample, offs, who),
            net / whole if whole > 0 else 0.0,
        )

    def _held(self, sample: Sample, offs: Sequence[int], who: str) -> int:
        """What the guards kept: the same basket without them, less what was taken."""
        if self.programme is None or self.rules.pricing.guards is UNGUARDED:
            return 0
        free = replace(self, programme=_unguarded(self.programme)).priced(sample, who)
        return 0 if free is None else max(0, free.items_discount_minor - sum(offs))


def _is_guarded(line: Line, guards: Guards) -> bool:
    return any(each in guards.margins or each in guards.price_floors for each in line.article.categories)


@lru_cache(maxsize=32)
def _unguarded(programme: compiled.Programme) -> compiled.Programme:
    return compiled.Programme(
        [each.offer for each in sorted(programme.offers, key=_rank)], programme.policies
    )


def _rank(ready: compiled.Ready) -> int:
    return ready.rank


def _points(more: Earns) -> Named:
    if more.bonus:
        says = _("+%(points)d points") % {"points": more.bonus}
    else:
        says = _("points × %(times)s") % {"times": f"{float(more.factor):g}"}
    return Named(says, says)
