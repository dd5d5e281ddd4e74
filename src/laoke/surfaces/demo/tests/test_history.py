from collections import defaultdict
from datetime import UTC, datetime, timedelta

import pytest

from laoke.surfaces.demo import Delivery, GiveBack, Sale


@pytest.fixture(scope="module")
def sales(events):
    return [event for event in events if isinstance(event, Sale)]


@pytest.fixture(scope="module")
def give_backs(events):
    return [event for event in events if isinstance(event, GiveBack)]


def test_events_come_in_time_order_and_the_counts_agree(shop, events, sales, give_backs):
    instants = [event.placed_at if isinstance(event, Sale) else event.returned_at for event in events]
    assert instants == sorted(instants)
    assert (shop.history.sales, shop.history.returns, len(shop.history)) == (
        len(sales),
        len(give_backs),
        len(events),
    )
    assert {instant.tzinfo for instant in instants} == {UTC}


def test_everything_happens_within_the_period(shop, events, zone):
    days = {
        (event.placed_at if isinstance(event, Sale) else event.returned_at).astimezone(zone).date()
        for event in events
    }
    assert (min(days), max(days)) == shop.period
    assert shop.period[0].isoformat() == "2025-01-15"
    assert shop.period[1].isoformat() == "2026-07-14"


def test_every_code_is_known(shop, sales, give_backs):
    assert {sale.store_code for sale in sales} == {store.code for store in shop.stores}
    assert {sale.channel_code for sale in sales} == {channel.code for channel in shop.channels}
    assert {sale.tender_code for sale in sales} == {tender.code for tender in shop.tenders}
    assert {sale.card_no for sale in sales} - {None} <= {person.card_no for person in shop.people}
    assert {line.sku for sale in sales for line in sale.lines} <= {product.sku for product in shop.products}
    assert {back.reason_code for back in give_backs} == {reason.code for reason in shop.reasons}
    assert len({sale.order_no for sale in sales}) == len(sales)
    assert len({back.return_no for back in give_backs}) == len(give_backs)


def test_lines_are_sound(shop, sales):
    weighed = {product.sku: product.weighed for product in shop.products}
    for sale in sales:
        assert 1 <= len(sale.lines) <= 15
        assert len({line.sku for line in sale.lines}) == len(sale.lines)
        for line in sale.lines:
            gross = (line.quantity_milli * line.unit_price_minor + 500) // 1_000
            assert 0 <= line.discount_minor < max(gross, 1)
            assert line.quantity_milli > 0
            assert (line.quantity_milli % 1_000 != 0) == weighed[line.sku]


def test_nobody_buys_as_a_member_before_becoming_one(shop, sales):
    registered = {person.card_no: person.registered_at for person in shop.people}
    assert all(registered[sale.card_no] < sale.placed_at for sale in sales if sale.card_no)


def test_tills_are_closed_at_night_and_old_people_come_early(shop, sales, zone):
    hours = [sale.placed_at.astimezone(zone).hour for sale in sales if sale.channel_code in ("pos", "self")]
    assert (min(hours), max(hours)) == (7, 21)
    household = {person.card_no: person.household.value for person in shop.people}
    early = defaultdict(list)
    for sale in sales:
        if sale.channel_code == "pos" and sale.card_no:
            early[household[sale.card_no]].append(sale.placed_at.astimezone(zone).hour < 11)
    assert sum(early["elderly"]) / len(early["elderly"]) > 0.5
    assert sum(early["single"]) / len(early["single"]) < 0.35


def test_website_and_app_ship_from_the_online_store_of_the_region(shop, sales):
    online = {store.code for store in shop.stores if store.online}
    assert {sale.store_code for sale in sales if sale.channel_code == "app"} == online
    assert not {sale.store_code for sale in sales if sale.channel_code != "app"} & online


def test_parcels_arrive_and_the_latest_are_on_their_way(sales):
    assert all((sale.delivery is Delivery.NONE) == (sale.channel_code in ("pos", "self")) for sale in sales)
    last = sales[-1].placed_at
    open_ = [sale for sale in sales if sale.delivery in (Delivery.PLACED, Delivery.SHIPPED)]
    assert {sale.delivery for sale in open_} == {Delivery.PLACED, Delivery.SHIPPED}
    assert all(last - sale.placed_at < timedelta(days=9) for sale in open_)


def test_wishes_are_hundreds_of_points_of_members_who_bought_for_them(sales):
    spent: dict[str, int] = defaultdict(int)
    for sale in sales:
        if sale.wish_points:
            assert sale.wish_points % 100 == 0
            assert sale.card_no is not None
        if sale.card_no:
            spent[sale.card_no] += sum(
                (line.quantity_milli * line.unit_price_minor + 500) // 1_000 - line.discount_minor
                for line in sale.lines
            )
    assert 0.02 < sum(sale.wish_points > 0 for sale in sales) / len(sales) < 0.06


def test_only_what_was_bought_comes_back_and_in_time(sales, give_backs):
    orders = {sale.order_no: sale for sale in sales}
    assert len({back.order_no for back in give_backs}) == len(give_backs)
    for back in give_backs:
        sale = orders[back.order_no]
        assert timedelta(0) < back.returned_at - sale.placed_at < timedelta(days=22)
        assert len({number for number, _ in back.lines}) == len(back.lines) >= 1
        for number, quantity_milli in back.lines:
            bought = sale.lines[number - 1].quantity_milli
            assert 0 < quantity_milli <= bought
            assert quantity_milli == bought or quantity_milli % 1_000 == 0


def test_both_whole_and_partial_returns_occur_and_home_goods_come_back_more(sales, give_backs):
    orders = {sale.order_no: sale for sale in sales}
    whole = sum(
        all(
            (i, line.quantity_milli) in back.lines
            for i, line in enumerate(orders[back.order_no].lines, start=1)
        )
        for back in give_backs
    )
    assert 0.2 < whole / len(give_backs) < 0.6
    sold, returned = defaultdict(int), defaultdict(int)
    for sale in sales:
        for line in sale.lines:
            sold[line.sku[:2]] += 1
    for back in give_backs:
        for number, _ in back.lines:
            returned[orders[back.order_no].lines[number - 1].sku[:2]] += 1
    assert returned["10"] / sold["10"] > 4 * returned["01"] / sold["01"]


def test_the_clock_of_the_machine_plays_no_part(events):
    assert max(event.placed_at for event in events if isinstance(event, Sale)) < datetime(
        2026, 7, 14, 16, tzinfo=UTC
    )
