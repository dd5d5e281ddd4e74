from collections import Counter, defaultdict
from datetime import date, timedelta
from itertools import pairwise
from statistics import mean, median

import pytest

from laoke.surfaces.demo import Sale
from laoke.surfaces.demo.plausibility import measure, orders_by_day
from laoke.surfaces.demo.season import SPRING_FESTIVAL, before_feast


@pytest.fixture(scope="module")
def figures(shop, zone):
    return measure(shop, zone)


@pytest.fixture(scope="module")
def sales(events):
    return [event for event in events if isinstance(event, Sale)]


@pytest.mark.parametrize(
    ("figure", "low", "high"),
    [
        ("orders", 50_000, 62_000),
        ("orders_per_member", 8, 10),
        ("anonymous_share", 0.15, 0.2),
        ("return_share", 0.02, 0.03),
        ("online_share", 0.22, 0.36),
        ("basket_mean_minor", 10_500, 13_500),
        ("lines_mean", 4.4, 5.5),
        ("repurchase_90", 0.35, 0.42),
        ("dormant", 0.22, 0.29),
        ("top_15_share", 0.45, 0.55),
        ("reduced_line_share", 0.12, 0.25),
    ],
)
def test_the_shop_looks_like_a_shop(figures, figure, low, high):
    assert low <= getattr(figures, figure) <= high


def test_fresh_food_leads_and_nothing_is_missing(figures):
    shares = figures.revenue_by_department
    assert max(shares, key=shares.get) == "生鲜"
    assert min(shares.values()) > 0.015
    assert len(shares) == 12


def test_baskets_are_skewed_like_real_ones(figures):
    assert figures.basket_quantiles_minor[50] < figures.basket_mean_minor
    assert figures.basket_quantiles_minor[99] > 4 * figures.basket_quantiles_minor[50]


def test_the_year_has_its_feasts(shop, zone):
    by_day = orders_by_day(shop, zone)
    usual = mean(by_day.values())
    feast = date(2026, 2, 17)
    assert mean(by_day[feast - timedelta(days=i)] for i in range(1, 11)) > 1.4 * usual
    assert mean(by_day[feast + timedelta(days=i)] for i in range(4)) < 0.75 * usual
    weekend = mean(count for day, count in by_day.items() if day.weekday() >= 5)
    assert 1.15 < weekend / mean(count for day, count in by_day.items() if day.weekday() < 5) < 1.4


def test_shelves_follow_the_seasons(sales, zone):
    by_month: dict[str, Counter[int]] = defaultdict(Counter)
    for sale in sales:
        for line in sale.lines:
            by_month[line.sku[:4]][sale.placed_at.astimezone(zone).month] += 1
    ice, hotpot, sun = by_month["0206"], by_month["0305"], by_month["0806"]
    assert ice[8] > 4 * ice[12]
    assert hotpot[12] > 3 * hotpot[8]
    assert sun[8] > 3 * sun[12]
    gifts, mooncakes = by_month["0406"], by_month["0407"]
    assert gifts[1] + gifts[2] > 5 * gifts[11]
    assert mooncakes.total() > 100
    assert set(mooncakes) == {9, 10}  # the feast of 2025 was on 6 October


def test_the_online_feasts_are_online(sales, zone):
    def share(days):
        chosen = [
            sale.channel_code in ("mini", "app")
            for sale in sales
            if sale.placed_at.astimezone(zone).date() in days
        ]
        return mean(chosen)

    november = date(2025, 11, 1)
    feast = {november + timedelta(days=i) for i in range(7, 11)}
    assert share(feast) > 1.25 * share({november + timedelta(days=i) for i in range(13, 28)})


def test_formula_is_bought_when_the_tin_is_empty_and_of_one_brand(shop, sales):
    """The regularity that a replenishment model must find: tins last about their cycle, brands stay."""
    cycle = {product.sku: product.need_cycle_days for product in shop.products}
    brand = {product.sku: product.brand for product in shop.products}
    bought = defaultdict(list)
    for sale in sales:
        for line in sale.lines:
            if line.sku.startswith("0701") and sale.card_no:
                bought[sale.card_no].append((sale.placed_at, line))
    regulars = [rows for rows in bought.values() if len(rows) >= 8]
    assert len(regulars) > 30
    paces = [
        (later - at).total_seconds() / 86_400 / (line.quantity_milli / 1_000) / cycle[line.sku]
        for rows in regulars
        for (at, line), (later, _) in pairwise(rows)
    ]
    assert 0.85 < median(paces) < 1.35
    loyal = [
        Counter(brand[line.sku] for _, line in rows).most_common(1)[0][1] / len(rows) for rows in regulars
    ]
    assert median(loyal) > 0.9


def test_members_keep_to_their_store(shop, sales):
    home = {person.card_no: person.home_store_code for person in shop.people}
    kept = [
        home[sale.card_no] == sale.store_code
        for sale in sales
        if sale.card_no and sale.channel_code in ("pos", "self")
    ]
    assert 0.82 < mean(kept) < 0.92


def test_hot_pot_bases_bring_their_company(sales):
    with_base = [sale for sale in sales if any(line.sku.startswith("0305") for line in sale.lines)]
    balls = mean(any(line.sku.startswith("0205") for line in sale.lines) for sale in with_base)
    usual = mean(any(line.sku.startswith("0205") for line in sale.lines) for sale in sales)
    assert balls > 3 * usual


def test_the_run_up_to_a_feast_rises_to_its_eve():
    feast = date(2026, 2, 17)
    assert before_feast(feast - timedelta(days=1), SPRING_FESTIVAL, 20) == 1.0
    assert before_feast(feast - timedelta(days=11), SPRING_FESTIVAL, 20) == 0.5
    assert before_feast(feast, SPRING_FESTIVAL, 20) == 0.0
    assert before_feast(date(2031, 1, 1), SPRING_FESTIVAL, 20) == 0.0  # beyond the table there is no feast
