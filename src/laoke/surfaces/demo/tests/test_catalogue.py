from collections import Counter

import numpy as np

from laoke.surfaces.demo.catalogue import printed
from laoke.surfaces.demo.check_digits import with_gtin_check
from laoke.surfaces.demo.prices import gross_minor


def test_the_tree_has_two_levels_and_every_product_hangs_on_a_leaf(shop):
    departments = {category.code for category in shop.categories if category.parent_code is None}
    leaves = {category.code: category.parent_code for category in shop.categories if category.parent_code}
    assert len(departments) == 12
    assert set(leaves.values()) == departments
    assert {product.category_code for product in shop.products} == set(leaves)
    assert all(category.name and category.name_en for category in shop.categories)


def test_about_six_hundred_products_with_codes_of_their_own(shop):
    assert 570 <= len(shop.products) <= 630
    for attribute in ("sku", "barcode", "name", "name_en"):
        values = Counter(getattr(product, attribute) for product in shop.products)
        assert [value for value, count in values.items() if count > 1] == []


def test_barcodes_are_valid_and_in_the_range_for_use_inside_a_shop(shop):
    for product in shop.products:
        assert with_gtin_check(product.barcode[:12]) == product.barcode
        assert product.barcode[:2] == ("21" if product.weighed else "20")


def test_prices_cover_costs_by_the_margin_class(shop):
    bands = {"low": (0.1, 0.19), "mid": (0.21, 0.32), "high": (0.35, 0.51)}
    for product in shop.products:
        low, high = bands[product.margin_class]
        assert low <= 1 - product.cost_minor / product.price_minor <= high
        assert product.pack_size > 0


def test_prices_are_such_as_a_shop_prints(shop):
    assert printed(np.array([1.0, 812, 1_999, 2_000, 9_994, 9_996, 12_345])).tolist() == [
        40, 790, 1_990, 1_990, 9_990, 9_990, 12_400,
    ]  # fmt: skip
    prices = np.array([float(product.price_minor) for product in shop.products])
    assert (printed(prices) == prices).all()


def test_needs_have_cycles_and_packs(shop):
    formula = [product for product in shop.products if "1段" in product.name]
    assert {(product.pack_size, product.pack_unit, product.need_cycle_days) for product in formula} == {
        (900, "g", 8)
    }
    rolls = [product for product in shop.products if "卷纸" in product.name]
    assert {(product.pack_size, product.pack_unit) for product in rolls} == {(12, "roll")}
    milk = next(product for product in shop.products if "250ml×16" in product.name)
    assert (milk.pack_size, milk.pack_unit) == (4_000, "ml")


def test_on_the_last_day_everything_costs_its_list_price(shop, events, zone):
    prices = {product.sku: product.price_minor for product in shop.products}
    lines = [
        line
        for event in events
        if hasattr(event, "placed_at") and event.placed_at.astimezone(zone).date() == shop.period[1]
        for line in event.lines
    ]
    assert len(lines) > 100
    assert all(line.unit_price_minor == prices[line.sku] for line in lines)


def test_a_line_rounds_half_up():
    assert gross_minor(500, 1) == 1  # half a fen
    assert gross_minor(499, 1) == 0
    assert gross_minor(1_342, 1_540) == 2_067
