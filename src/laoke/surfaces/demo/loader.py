"""Playing the generated shop through the real services: what a retailer's first day with his own history is like."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import connection

from laoke.checkout import programme
from laoke.checkout.replay import GiveBackEvent, Player, Sale, SaleLine
from laoke.foundation.access import SYSTEM
from laoke.kernel.calendar import add_months
from laoke.kernel.errors import LaokeError
from laoke.kernel.quantity import MILLI
from laoke.kernel.rounding import Rounding, round_ratio
from laoke.members import selectors as members
from laoke.members import services as member_services
from laoke.members.types import ConsentInput, IdentityInput, Registration
from laoke.points import expiry
from laoke.points.liability import services as month_end
from laoke.purchases import services as purchases
from laoke.purchases.services import CategoryInput, ProductInput, StoreInput
from laoke.review import figures
from laoke.segments import services as segments
from laoke.surfaces.demo import announced, fortnight, goals, rewards
from laoke.surfaces.demo import types as demo
from laoke.surfaces.demo.shop import generate
from laoke.tiers import movement

SEED = 20_260
MARGINS = {"low": "低毛利", "mid": "中毛利", "high": "高毛利"}
PACK_UNITS = {"roll": "卷", "sheet": "抽", "pack": "包", "piece": "件", "egg": "枚"}
BATCH = 4_000
REGISTER_BATCH = 5_000

# 1 point a yuan, 100 points = 1 yuan: 1 % given back. The ladder's gold is the plan's: three purchases and
# 2,000 yuan within three months, reviewed every quarter.
PROGRAMME: dict[str, Any] = {
    "adjustments": {
        "limits": {
            "customer_service": {"each": 2_000, "per_day": 20_000},
            "operations": {"each": 10_000, "per_day": 100_000},
        },
    },
    "points": {
        "earn": {"points": 1, "per_minor": 100, "rounding": "down"},
        "spend": {"points": 100, "worth_minor": 100, "step": 100, "max_percent": 50},
        "valid_months": 12,
    },
    "ladder": {
        "review": "quarterly",
        "tiers": [
            {"code": "basic", "name_zh": "普通会员", "name_en": "Member"},
            {
                "code": "silver",
                "name_zh": "银卡会员",
                "name_en": "Silver",
                "needs": [
                    {"metric": "purchases", "months": 3, "at_least": 2},
                    {"metric": "spend", "months": 3, "at_least": 300_00},
                ],
            },
            {
                "code": "gold",
                "name_zh": "金卡会员",
                "name_en": "Gold",
                "needs": [
                    {"metric": "purchases", "months": 3, "at_least": 3},
                    {"metric": "spend", "months": 3, "at_least": 2000_00},
                ],
            },
            {
                "code": "diamond",
                "name_zh": "钻石会员",
                "name_en": "Diamond",
                "needs": [
                    {"metric": "purchases", "months": 3, "at_least": 6},
                    {"metric": "spend", "months": 3, "at_least": 3000_00},
                ],
            },
        ],
    },
}

# On the shelf since the fortnight that earns nothing on them; nobody has bought one in the history.
_GIFT_CARD_SHELF = (
    CategoryInput("90", "礼品卡", "Gift cards", None),
    CategoryInput(announced.GIFT_CARDS, "购物卡", "Shopping cards", "90"),
)
_GIFT_CARDS = tuple(
    ProductInput(
        sku=f"{announced.GIFT_CARDS}{number:03d}",
        name=f"禾邻购物卡 {yuan} 元",
        name_en=f"Gift card of {yuan}",
        category=announced.GIFT_CARDS,
        brand="禾邻",
        price_minor=yuan * 100,
        cost_minor=yuan * 100,
        unit="件",
    )
    for number, yuan in enumerate((100, 200, 500), start=1)
)

# The generator's words in the words of the API.
_CONSENT_CHANNELS = {"app_push": "app"}
_DELIVERY = {"none": "done"}

Step = Callable[[str, int, int], None]  # name of the step, done, total


class NotADemo(LaokeError):
    """The database holds members that no demo put there."""

    code, status, title = "not-a-demo", 409, "This database holds a shop of its own"

    def __init__(self) -> None:
        super().__init__(
            "The demo would mix its members with it. Choose another folder: LAOKE_HOME=./demo-home make demo"
        )


class OtherDemo(LaokeError):
    """A demo of another size is there already."""

    code, status, title = "other-demo", 409, "There is a demo of another size"

    def __init__(self, members: int) -> None:
        super().__init__(
            f"It has {members} members and keeps its data. Choose another folder for the new one: "
            "LAOKE_HOME=./demo-large laoke demo --members ..."
        )


@dataclass(slots=True)
class Mark:
    """What the demo knows of itself between starts, in a file of the home."""

    path: Path
    members: int
    today: date
    ready: bool

    @classmethod
    def read(cls, home: Path) -> Mark | None:
        """The mark an earlier start left."""
        path = home / "demo.json"
        if not path.exists():
            return None
        found = json.loads(path.read_text(encoding="utf-8"))
        return cls(path, found["members"], date.fromisoformat(found["today"]), found["ready"])

    def write(self) -> None:
        """Keep it."""
        text = json.dumps({"members": self.members, "today": self.today.isoformat(), "ready": self.ready})
        draft = self.path.with_suffix(".draft")
        draft.write_text(text, encoding="utf-8")
        draft.replace(self.path)


def load(count: int, now: datetime, step: Step) -> bool:
    """Build the demo shop, or go on where an interrupted start stopped; returns False when it was there already.

    Raises:
        NotADemo, OtherDemo: nothing is touched.
    """
    home, zone = Path(settings.LAOKE.home), settings.LAOKE.zone
    mark = Mark.read(home)
    if mark is None:
        if _has_members():
            raise NotADemo
        mark = Mark(home / "demo.json", count, now.astimezone(zone).date(), ready=False)
        mark.write()
    if mark.members != count:
        raise OtherDemo(mark.members)
    if mark.ready:
        return False
    step("generate", 0, 1)
    shop = generate(count, mark.today, SEED, zone)
    step("generate", 1, 1)
    programme.apply(SYSTEM, PROGRAMME, at=now)
    ids = _reference_data(shop, now)
    cards = _register(shop, ids, now, step)
    _play(shop, ids, cards, mark.today, zone, now, step)
    step("expire", 0, 1)
    expiry.expire(at=now, now=now)
    step("expire", 1, 1)
    _close_months(mark.today, now, step)
    step("rewards", 0, 1)
    rewards.announce(mark.today, now)
    step("rewards", 1, 1)
    step("rfm", 0, 1)
    # As the night does: of days that are over.
    segments.recompute(as_of=mark.today - timedelta(days=1), now=now)
    step("rfm", 1, 1)
    step("figures", 0, 1)
    figures.compute(as_of=mark.today - timedelta(days=1), now=now)
    goals.set_goals(mark.today, now)
    step("figures", 1, 1)
    step("flows", 0, 1)
    movement.count(at=now, now=now)
    step("flows", 1, 1)
    with connection.cursor() as cursor:
        cursor.execute("analyze")
    mark.ready = True
    mark.write()
    return True


@dataclass(frozen=True, slots=True)
class _Ids:
    stores: dict[str, int]
    channels: dict[str, int]
    products: dict[str, int]


def _close_months(today: date, now: datetime, step: Step) -> None:
    """Close the months of points that are over, of the last year, from the second one with points on."""
    with connection.cursor() as cursor:
        cursor.execute("select min(at) from points_posting")
        first: datetime | None = cursor.fetchone()[0]
    if first is None:
        return
    this = today.replace(day=1)
    month = max(
        add_months(first.astimezone(settings.LAOKE.zone).date().replace(day=1), 1), add_months(this, -12)
    )
    months = []
    while month < this:
        months.append(month)
        month = add_months(month, 1)
    for done, each in enumerate(months):
        step("close", done, len(months))
        month_end.close(SYSTEM, each, at=now)
    if months:
        step("close", len(months), len(months))


def _has_members() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("select exists (select 1 from members_member)")
        return bool(cursor.fetchone()[0])


def _reference_data(shop: demo.Shop, now: datetime) -> _Ids:
    stores = purchases.save_stores(
        SYSTEM,
        [
            StoreInput(
                store.code, store.name, store.region_code, store.city, store.name_en, True, store.opened_on
            )
            for store in shop.stores
        ],
        at=now,
        regions={region.code: (region.name, region.name_en) for region in shop.regions},
    )
    channels = purchases.save_channels(
        SYSTEM, {channel.code: (channel.name, channel.name_en) for channel in shop.channels}, at=now
    )
    purchases.save_categories(
        SYSTEM,
        [
            *(
                CategoryInput(each.code, each.name, each.name_en, each.parent_code)
                for each in shop.categories
            ),
            *_GIFT_CARD_SHELF,
        ],
        at=now,
    )
    products = purchases.save_products(
        SYSTEM, [*(_product(each) for each in shop.products), *_GIFT_CARDS], at=now
    )
    return _Ids(stores, channels, products)


def _product(product: demo.Product) -> ProductInput:
    tags = [MARGINS[product.margin_class]]
    if product.need_cycle_days:
        tags.append(f"约 {product.need_cycle_days} 天用完")
    return ProductInput(
        sku=product.sku,
        name=product.name,
        name_en=product.name_en,
        category=product.category_code,
        brand=product.brand,
        barcode=product.barcode,
        price_minor=product.price_minor,
        cost_minor=product.cost_minor,
        unit="kg" if product.weighed else "件",
        pack_size=f"{product.pack_size} {PACK_UNITS.get(product.pack_unit, product.pack_unit)}",
        tags=tags,
    )


def _register(shop: demo.Shop, ids: _Ids, now: datetime, step: Step) -> dict[str, int]:
    """Register everybody who is not there yet; returns member ids by card."""
    cards: dict[str, int] = {}
    done = 0
    for people in _batches(shop.people, REGISTER_BATCH):
        rows = [_registration(person, ids) for person in people]
        outcome = member_services.register_many(caller=SYSTEM, at=now, rows=rows)
        for person, found in zip(people, outcome.outcomes, strict=True):
            if isinstance(found, LaokeError):
                # Registered by a start that was interrupted.
                known = members.find("card", person.card_no)
                if known is None:
                    raise found
                cards[person.card_no] = known
            else:
                cards[person.card_no] = found
        done += len(people)
        step("members", done, len(shop.people))
    return cards


def _batches(items: Any, size: int) -> Iterator[list[Any]]:
    iterator = iter(items)
    while batch := list(itertools.islice(iterator, size)):
        yield batch


def _registration(person: demo.Person, ids: _Ids) -> Registration:
    identities = [IdentityInput("card", person.card_no)]
    if person.phone:
        identities.append(IdentityInput("phone", person.phone))
    if person.email:
        identities.append(IdentityInput("email", person.email))
    identities += [IdentityInput(system, value, "helin") for system, value in person.external_ids]
    return Registration(
        registered_at=person.registered_at,
        identities=tuple(identities),
        name=person.name,
        birth_date=person.birth_date,
        gender=person.gender or "",
        home_store_id=ids.stores[person.home_store_code],
        channel_id=ids.channels[person.registered_channel_code],
        consents=tuple(
            ConsentInput(
                _CONSENT_CHANNELS.get(each.channel, each.channel),
                each.purpose,
                each.granted,
                each.source,
                each.at,
            )
            for each in person.consents
        ),
        tags=person.tags,
    )


def _play(
    shop: demo.Shop,
    ids: _Ids,
    cards: dict[str, int],
    today: date,
    zone: ZoneInfo,
    now: datetime,
    step: Step,
) -> None:
    """The history as an import brings it; the last two weeks as the tills sold them."""
    player = Player(programme.current(), zone, shop.currency, source="demo", now=now)
    reasons = {reason.code: reason.name for reason in shop.reasons}
    store_of: dict[str, int] = {}
    done, total = 0, len(shop.history)
    start = fortnight.begins(today, zone)
    imported = itertools.takewhile(lambda event: fortnight.instant(event) < start, shop.history)
    for batch in _batches(imported, BATCH):
        player.play([_event(event, ids, cards, reasons, store_of) for event in batch])
        done += len(batch)
        step("orders", done, total)
    player.review_until(start)
    if player.played.refused:
        raise player.played.refused[0][1]
    recent = list(itertools.islice(iter(shop.history), done, None))
    counter = fortnight.Counter(shop.currency, cards, reasons, zone)
    fortnight.sell(recent, counter, today, now, lambda more: step("orders", done + more, total))


def _event(
    event: demo.Sale | demo.GiveBack,
    ids: _Ids,
    cards: dict[str, int],
    reasons: dict[str, str],
    store_of: dict[str, int],
) -> Sale | GiveBackEvent:
    if isinstance(event, demo.GiveBack):
        return GiveBackEvent(
            event.return_no,
            store_of[event.order_no],
            event.order_no,
            event.returned_at,
            dict(event.lines),
            reasons[event.reason_code],
        )
    store_id = store_of[event.order_no] = ids.stores[event.store_code]
    return Sale(
        event.order_no,
        store_id,
        ids.channels[event.channel_code],
        cards[event.card_no] if event.card_no else None,
        event.placed_at,
        [_line(line, ids) for line in event.lines],
        event.tender_code,
        event.wish_points,
        _DELIVERY.get(event.delivery.value, event.delivery.value),
    )


def _line(line: demo.SaleLine, ids: _Ids) -> SaleLine:
    gross = round_ratio(line.quantity_milli * line.unit_price_minor, MILLI, Rounding.HALF_UP)
    return SaleLine(
        ids.products[line.sku],
        line.quantity_milli,
        line.unit_price_minor,
        gross,
        line.discount_minor,
        gross - line.discount_minor,
    )


def example_basket() -> str:
    """A basket of this shop as JSON, for a first call: a member's card and two articles that are there."""
    with connection.cursor() as cursor:
        cursor.execute("select code from purchases_store where active order by id limit 1")
        (store,) = cursor.fetchone()
        cursor.execute("select code from purchases_channel order by id limit 1")
        (channel,) = cursor.fetchone()
        cursor.execute("select sku from purchases_product where active and unit <> 'kg' order by id limit 2")
        skus = [row[0] for row in cursor.fetchall()]
        cursor.execute("select member_id from points_account order by balance desc, member_id limit 1")
        (member_id,) = cursor.fetchone()
    basket = {
        "store": store,
        "channel": channel,
        "member": {"member_id": member_id},
        "lines": [{"sku": sku, "quantity": 2} for sku in skus],
    }
    return json.dumps(basket)
