"""An order on its way, step by step."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from laoke.foundation import paging
from laoke.foundation.access import SYSTEM, Caller, OutsideStores, Scope
from laoke.foundation.models import AuditEntry, OutboxMessage
from laoke.purchases import delivery, history, reference, services
from laoke.purchases.errors import DeliveryRefused, NoSuchEntry
from laoke.purchases.history import Wanted
from laoke.purchases.models import Channel, DeliveryEvent, Order, Region, Store
from laoke.purchases.services import BadReference, CategoryInput, ProductInput, StoreInput

T0 = datetime(2026, 3, 10, 4, 0, tzinfo=UTC)
NOW = T0 + timedelta(days=10)

pytestmark = pytest.mark.django_db

# The order stands at / is told / answers
STEPS = """
    placed     packed     packed
    placed     shipped    shipped
    placed     done       done
    packed     shipped    shipped
    shipped    delivered  delivered
    delivered  done       done
    placed     cancelled  cancelled
    packed     cancelled  cancelled
    shipped    cancelled  cancelled
    packed     packed     packed
"""
REFUSED = """
    shipped    packed     backwards
    done       placed     backwards
    delivered  cancelled  done
    done       cancelled  done
    cancelled  shipped    cancelled
    cancelled  done       cancelled
"""


def table(text):
    return [tuple(row.split()) for row in text.strip().splitlines()]


@pytest.fixture
def store():
    services.save_stores(SYSTEM, [StoreInput("S1", "一店"), StoreInput("S2", "二店")], at=T0)
    services.save_channels(SYSTEM, {"mini": ("微信小程序", "")}, at=T0)
    return Store.objects.get(code="S1")


def placed(store, number=1, status="placed", at=T0):
    return Order.objects.create(
        order_no=f"A{number}",
        member_id=1042,
        store=store,
        channel=Channel.objects.get(),
        placed_at=at,
        biz_date=at.date(),
        currency="CNY",
        items_minor=0,
        discount_minor=0,
        total_minor=0,
        points_minor=0,
        paid_minor=0,
        points_redeemed=0,
        points_earned=0,
        earn_base_minor=0,
        delivery_status=status,
        source="api",
        programme_version=1,
        recorded_at=at,
    )


@pytest.mark.parametrize(("stands", "told", "reason"), table(REFUSED))
def test_a_step_that_cannot_be_leaves_nothing_behind(store, stands, told, reason):
    order = placed(store, status=stands)
    with pytest.raises(DeliveryRefused) as refusal:
        delivery.advance(SYSTEM, order.pk, told, at=T0 + timedelta(hours=1), now=NOW)
    assert refusal.value.extensions == {"reason": reason, "current": stands}
    assert (DeliveryEvent.objects.count(), OutboxMessage.objects.count()) == (0, 0)


@pytest.mark.parametrize(("stands", "told", "answer"), table(STEPS))
def test_steps_go_forward_until_the_end(store, stands, told, answer):
    order = placed(store, status=stands)
    step = delivery.advance(SYSTEM, order.pk, told, at=T0 + timedelta(hours=1), now=NOW)
    order.refresh_from_db()
    assert order.delivery_status == step.status == answer
    assert step.changed is (stands != told)
    assert DeliveryEvent.objects.count() == OutboxMessage.objects.count() == int(step.changed)


def test_a_step_is_announced_with_where_the_order_stood(store):
    order = placed(store)
    delivery.advance(SYSTEM, order.pk, "shipped", at=T0 + timedelta(hours=1), now=NOW)
    event = OutboxMessage.objects.get()
    assert (event.topic, event.member_id, event.payload) == (
        "order.delivery",
        1042,
        {
            "order_id": order.pk,
            "order_no": "A1",
            "member_id": 1042,
            "store": "S1",
            "status": "shipped",
            "previous_status": "placed",
            "at": "2026-03-10T05:00:00+00:00",
        },
    )


def test_no_step_lies_before_the_one_it_follows(store):
    order = placed(store)
    with pytest.raises(DeliveryRefused) as refusal:
        delivery.advance(SYSTEM, order.pk, "packed", at=T0 - timedelta(seconds=1), now=NOW)
    assert refusal.value.extensions["reason"] == "before_previous"
    delivery.advance(SYSTEM, order.pk, "packed", at=T0 + timedelta(hours=2), now=NOW)
    with pytest.raises(DeliveryRefused):
        delivery.advance(SYSTEM, order.pk, "shipped", at=T0 + timedelta(hours=1), now=NOW)


def test_orders_come_in_pages_and_from_own_stores_only(store):
    # Three of the same instant: the page's edge may fall between them.
    for number, hours in enumerate((0, 1, 1, 1, 2), start=1):
        placed(store, number, at=T0 + timedelta(hours=hours))
    placed(Store.objects.get(code="S2"), 9)
    ours = Caller("apikey", 1, "till", frozenset({Scope.ORDERS_READ}), frozenset({store.pk}))
    seen, after = [], None
    while True:
        page, after = history.orders(ours, Wanted(), after=after, limit=2)
        seen.append([order.order_no for order in page])
        if after is None:
            break
    assert seen == [["A5", "A4"], ["A3", "A2"], ["A1"]]
    (other,) = history.orders(SYSTEM, Wanted(store="S2"), after=None, limit=5)[0]
    with pytest.raises(OutsideStores):
        history.order(ours, other.pk)


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (Wanted(member_id=1042), 3),
        (Wanted(member_id=1), 0),
        (Wanted(store="S1", order_no="A2"), 1),
        (Wanted(since=T0 + timedelta(hours=1)), 2),
        (Wanted(until=T0 + timedelta(hours=1)), 1),
        (Wanted(since=T0, until=T0), 0),
    ],
)
def test_orders_are_found_by_every_condition(store, wanted, found):
    for number in (1, 2, 3):
        placed(store, number, at=T0 + timedelta(hours=number - 1))
    assert len(history.orders(SYSTEM, wanted, after=None, limit=5)[0]) == found


class TestReference:
    def test_what_was_saved_is_read_back(self):
        store = StoreInput("S/1", "一店", "east", "上海", "One", False)
        services.save_stores(SYSTEM, [store], at=T0)
        assert reference.store("S/1") == store
        services.save_categories(
            SYSTEM, [CategoryInput("0103", "豆腐", "Tofu", "01"), CategoryInput("01", "鲜")], at=T0
        )
        assert reference.category("0103") == CategoryInput("0103", "豆腐", "Tofu", "01")
        product = ProductInput("tofu", "豆腐", 340, category="0103", cost_minor=243, tags=("鲜",))
        services.save_products(SYSTEM, [product], at=T0)
        assert reference.product("tofu") == product
        with pytest.raises(NoSuchEntry):
            reference.product("Tofu")

    def test_pages_go_by_code(self):
        services.save_channels(SYSTEM, {code: (code, "") for code in "cab"}, at=T0)
        page, after = reference.channels(None, 2)
        assert [channel.code for channel in page] == ["a", "b"]
        assert after == paging.write("b")
        page, after = reference.channels(after, 2)
        assert ([channel.code for channel in page], after) == (["c"], None)

    def test_a_caller_limited_to_stores_changes_those_and_adds_none(self, store):
        ours = Caller("apikey", 1, "till", frozenset({Scope.STORES_WRITE}), frozenset({store.pk}))
        services.save_stores(ours, [StoreInput("S1", "新名")], at=T0)
        for code in ("S2", "S3"):
            with pytest.raises(OutsideStores):
                services.save_stores(ours, [StoreInput("S1", "x"), StoreInput(code, "x")], at=T0)
        assert set(Store.objects.values_list("name", flat=True)) == {"新名", "二店"}

    def test_a_caller_limited_to_stores_adds_no_region(self, store):
        ours = Caller("apikey", 1, "till", frozenset({Scope.STORES_WRITE}), frozenset({store.pk}))
        services.save_regions(SYSTEM, {"east": ("华东", "East")}, at=T0)
        before = AuditEntry.objects.count()
        with pytest.raises(BadReference) as refused:
            services.save_stores(ours, [StoreInput("S1", "新名", "nowhere")], at=T0)
        assert refused.value.extensions["field"] == "region"
        assert "nowhere" in refused.value.detail
        assert list(Region.objects.values_list("code", flat=True)) == ["east"]
        assert Store.objects.get(code="S1").name == "一店"
        assert AuditEntry.objects.count() == before
        # One there is, it may name; and whoever has the whole shop adds one as before.
        services.save_stores(ours, [StoreInput("S1", "新名", "east")], at=T0)
        services.save_stores(SYSTEM, [StoreInput("S1", "新名", "west")], at=T0)
        assert Store.objects.select_related("region").get(code="S1").region.code == "west"
