"""Products and stores: added or changed by their codes; an empty cell changes nothing."""

from __future__ import annotations

import pytest

from laoke.surfaces.importing.tests.conftest import ask, everything, reported

pytestmark = pytest.mark.django_db
PRODUCTS = """
    laoke-mapping: 1
    kind: products
    currency: CNY
    columns:
      sku: 编码
      name: 名称
      category: [大类, 小类]
      price: 售价
      cost: 成本
      earns_points: 积分
      tags: 标签
"""
HEADER = ("编码", "名称", "大类", "小类", "售价", "成本", "积分", "标签")
ROWS = [
    ("milk", "鲜牛奶", "食品", "乳品", "12.50", "9.1", "是", "每日，新鲜"),
    ("rice", "大米", "食品", "粮油", "69.90", "", "", ""),
    ("card", "礼品卡", "", "", "100", "", "否", ""),
]
STORES = """
    laoke-mapping: 1
    kind: stores
    columns: { code: code, name: name, region: region, region_name: area, city: city, active: open, opened_date: since }
"""
STORE_HEADER = ("code", "name", "region", "area", "city", "open", "since")


@pytest.fixture
def products(bring, rows_file):
    def products_from(rows, *changes, **more):
        return bring(rows_file(rows, HEADER, "products.csv"), PRODUCTS, *changes, kind="products", **more)

    return products_from


@pytest.fixture
def stores(bring, rows_file):
    def stores_from(rows, **more):
        return bring(rows_file(rows, STORE_HEADER, "stores.csv"), STORES, kind="stores", **more)

    return stores_from


def test_products_go_in_with_their_categories(products):
    outcome = products(ROWS)
    assert (outcome.things, outcome.added, outcome.report) == (3, 3, None)
    assert ask(
        "select p.sku, p.name, c.code, c.name, a.name, p.price_minor, p.cost_minor, p.earns_points, p.tags "
        "from purchases_product p left join purchases_category c on c.id = p.category_id "
        "left join purchases_category a on a.id = c.parent_id order by p.id"
    ) == [
        ("milk", "鲜牛奶", "食品 > 乳品", "乳品", "食品", 1250, 910, True, ["每日", "新鲜"]),
        ("rice", "大米", "食品 > 粮油", "粮油", "食品", 6990, None, True, []),
        ("card", "礼品卡", None, None, None, 10000, None, False, []),
    ]


def test_a_repeat_changes_nothing_and_a_new_price_only_the_price(products):
    products(ROWS)
    before = everything()
    again = products(ROWS)
    assert (again.known, again.added) == (3, 0)
    assert everything() == before
    changed = products([("milk", "", "", "", "13", "", "", "")])
    assert changed.added == 1
    assert ask("select name, price_minor, cost_minor, tags from purchases_product where sku = 'milk'") == [
        ("鲜牛奶", 1300, 910, ["每日", "新鲜"])
    ]


def test_bad_products_are_told_and_the_good_go_in(products):
    rows = [
        ROWS[0],
        ("tea", "n" * 10_000, "", "", "1", "", "", ""),
        ("tofu", "豆腐", "", "", "-1", "", "maybe", ""),
        ("milk", "again", "", "", "1", "", "", ""),
        ("", "nothing", "", "", "1", "", "", ""),
        ("oil", "油", "", "", "1", "", "", "t" * 41),
    ]
    outcome = products(rows)
    assert outcome.added == 1
    assert [(row[1], row[2], row[3]) for row in reported(outcome)] == [
        ("3", "name", "is longer than the 200 characters that fit"),
        ("4", "price", "is below zero"),
        ("4", "earns_points", "is neither yes nor no"),
        ("5", "sku", "stands in an earlier row too: 2"),
        ("6", "sku", "is empty, but every row needs it"),
        ("7", "tags", "tags: takes 1 to 40 characters"),
    ]


def test_a_dry_run_of_products_leaves_nothing(products):
    before = everything()
    outcome = products([*ROWS, ("oil", "油", "", "", "1", "", "", "t" * 41)], dry_run=True)
    assert (outcome.things, outcome.added, outcome.mistakes) == (3, 0, 1)
    assert everything() == before


def test_thousands_of_products_go_in_and_the_few_bad_are_found(products):
    rows = [
        (f"p{i}", f"商品{i}", "食品", "粮油", "1", "", "", "x" * 41 if i % 1000 == 7 else "")
        for i in range(3000)
    ]
    outcome = products(rows)
    assert (outcome.added, outcome.mistakes) == (2997, 3)
    assert [row[1] for row in reported(outcome)] == ["9", "1009", "2009"]


def test_stores_go_in_with_their_regions(stores):
    rows = [("S1", "一店", "east", "华东", "上海", "yes", "2019-05-01"), ("S2", "", "east", "", "", "no", "")]
    outcome = stores(rows)
    assert (outcome.things, outcome.added) == (2, 2)
    look = (
        "select s.code, s.name, r.code, r.name, s.city, s.active, s.opened_date::text from purchases_store s "
        "left join purchases_region r on r.id = s.region_id order by s.code"
    )
    assert ask(look) == [
        ("S1", "一店", "east", "华东", "上海", True, "2019-05-01"),
        ("S2", "S2", "east", "华东", "", False, None),
    ]
    before = everything()
    assert stores(rows).added == 0
    assert everything() == before


def test_bad_stores_are_told(stores):
    outcome = stores(
        [("S1", "一店", "", "", "", "", "2019-13-01"), ("S2", "x" * 101, "", "", "", "open?", "")]
    )
    assert outcome.added == 0
    assert [row[1:3] for row in reported(outcome)] == [("2", "opened_date"), ("3", "active"), ("3", "name")]
