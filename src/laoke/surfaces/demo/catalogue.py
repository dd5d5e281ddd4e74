"""From the written assortment to products with codes, prices and costs, and to columns for fast drawing."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .assortment import BRANDS, DEPARTMENTS, Brand, Family, Shelf, Variant
from .check_digits import with_gtin_check
from .draws import Floats, Ints, cumulated, stream
from .types import Category, Product

# Share of the price that stays after the cost of the goods, in per cent.
_MARGINS = {"low": (11, 18), "mid": (22, 31), "high": (36, 50)}
# A brand's price beside the middle rung, in per cent.
_RUNG_PRICE = (84, 100, 128)
# How well a rung sells to thrifty, ordinary and affluent households.
RUNG_APPEAL = ((1.7, 0.9, 0.25), (1.0, 1.0, 0.6), (0.45, 1.0, 1.7))

_PACK = re.compile(r"(?P<size>[\d.]+)(?P<unit>[a-zA-Z]+)(?:\*(?P<count>\d+))?")
_UNIT_NAMES = {"roll": "卷", "sheet": "抽", "piece": "件", "egg": "枚"}
_PIECE_NAMES = {
    "0702": "片",
    "0803": "支",
    "0804": "片",
    "0805": "片",
    "0806": "片",
    "0903": "颗",
    "0905": "只",
}


@dataclass(frozen=True, slots=True)
class Goods:
    """The products as columns, one row a product in the order of the catalogue.

    `families` maps a family's key to its product rows, brand by brand; `by_shelf` gives shares of a shelf's
    products: row `affluence * shelves + shelf`, affluence 0 to 2.
    """

    price_minor: Ints
    shelf: Ints
    typical_milli: Ints  # 0 unless weighed
    produce: Floats  # 1.0 where the price follows the market week by week
    liked: Floats
    regret: Floats
    rung: Ints  # of the brand
    cycle_days: dict[str, int]  # by the key of a family
    families: dict[str, Ints]
    shelves: tuple[Shelf, ...]
    by_shelf: Floats


def printed(raw_minor: Floats) -> npt.NDArray[np.int32]:
    """The nearest prices a shop would print; a printed price stays itself.

    x.40 and x.90 below 20 yuan, x.90 below 100, above that whole yuan that end in 4 or 9.
    """
    below_20 = np.maximum(40, np.round((raw_minor + 10) / 50) * 50 - 10)
    below_100 = np.round((raw_minor + 10) / 100) * 100 - 10
    above = np.maximum(9_990, np.round((raw_minor + 100) / 500) * 500 - 100)
    return np.where(raw_minor < 2_000, below_20, np.where(raw_minor < 9_995, below_100, above)).astype(
        np.int32
    )


def build(seed: int) -> tuple[tuple[Category, ...], tuple[Product, ...], Goods]:
    """Every category and product of the shop, and the products once more as columns."""
    rng = stream(seed, "catalogue")
    categories: list[Category] = []
    shelves: list[Shelf] = []
    products: list[Product] = []
    rows: list[tuple[int, int, float, float, float, int]] = []
    families: dict[str, Ints] = {}
    for department in DEPARTMENTS:
        categories.append(Category(department.code, None, department.name, department.name_en))
        for shelf in department.shelves:
            categories.append(Category(shelf.code, department.code, shelf.name, shelf.name_en))
            on_shelf = 0
            for family in shelf.families:
                first = len(products)
                for brand_rank, key in enumerate(family.brands):
                    brand = BRANDS[key] if key else BRANDS["fresh"]
                    for rank, variant in enumerate(family.variants):
                        on_shelf += 1
                        sku = f"{shelf.code}{on_shelf:03d}"
                        products.append(_product(rng, sku, shelf, family, brand, variant))
                        pull = family.liked / (1 + 0.5 * brand_rank) / (1 + 0.22 * rank) / len(family.brands)
                        follows = 1.0 if family.typical_milli and department.code == "01" else 0.0
                        rows.append(
                            (len(shelves), family.typical_milli, follows, pull, shelf.regret, brand.rung)
                        )
                families[family.key] = np.arange(first, len(products))
            shelves.append(shelf)
    columns = list(zip(*rows, strict=True))
    shelf_of, typical, rung = (np.array(columns[i], dtype=np.int64) for i in (0, 1, 5))
    market, liked, regret = (np.array(columns[i], dtype=np.float64) for i in (2, 3, 4))
    by_shelf = np.zeros((3 * len(shelves), len(products)))
    for affluence, appeal in enumerate(RUNG_APPEAL):
        by_shelf[affluence * len(shelves) + shelf_of, np.arange(len(products))] = (
            liked * np.array(appeal)[rung]
        )
    goods = Goods(
        np.array([product.price_minor for product in products]),
        shelf_of,
        typical,
        market,
        liked,
        regret,
        rung,
        {family.key: family.cycle_days for shelf in shelves for family in shelf.families},
        families,
        tuple(shelves),
        cumulated(by_shelf),
    )
    return tuple(categories), tuple(products), goods


def _product(
    rng: np.random.Generator, sku: str, shelf: Shelf, family: Family, brand: Brand, variant: Variant
) -> Product:
    """One product; its list price carries the brand's rung and a little chance."""
    raw = family.price_minor * variant.percent * _RUNG_PRICE[brand.rung] * rng.uniform(0.96, 1.04) / 10_000
    price = int(printed(np.array([raw]))[0])
    low, high = _MARGINS[family.margin]
    cost = round(price * (100 - rng.uniform(low, high)) / 100)
    size, unit, label, label_en = _pack(family.pack, shelf.code)
    brand_name = "" if family.typical_milli or not family.name else brand.name
    brand_name = brand_name or ("" if family.brands == ("",) else brand.name)
    # Barcodes stay in the range for circulation inside a shop (20-29), so none is that of a real article;
    # scales print 21.
    barcode = with_gtin_check(f"{21 if family.typical_milli else 20}000{sku}")
    words = " ".join(word for word in (variant.name_en, family.name_en) if word)
    title = f"{brand.name_en} {words}" if brand_name else words[:1].upper() + words[1:]
    return Product(
        sku,
        barcode,
        f"{brand_name}{variant.name}{family.name}{label}",
        f"{title}{label_en}",
        shelf.code,
        brand.name,
        brand.name_en,
        price,
        cost,
        size,
        unit,
        bool(family.typical_milli),
        family.margin,
        family.cycle_days or None,
    )


def _pack(pack: str, shelf_code: str) -> tuple[int, str, str, str]:
    """Read "250ml*12" as (3000, "ml", " 250ml×12", ", 250 ml × 12"); kilograms and litres become g and ml."""
    if pack == "kg":
        return 1000, "g", "（散称）", " (loose, per kg)"
    found = _PACK.fullmatch(pack)
    if not found:
        raise ValueError(f"{pack!r} is not a pack")
    size, unit, count = float(found["size"]), found["unit"], int(found["count"] or 1)
    scale, small = {"kg": (1000, "g"), "L": (1000, "ml")}.get(unit, (1, unit))
    total = round(size * scale) * count
    if unit == "piece" and total == 1:
        return total, small, "", ""
    name = (
        _PIECE_NAMES.get(shelf_code, _UNIT_NAMES["piece"]) if unit == "piece" else _UNIT_NAMES.get(unit, unit)
    )
    unit_en = {"piece": "pieces", "roll": "rolls", "sheet": "sheets", "egg": "eggs"}.get(unit, unit)
    times, times_en = (f"×{count}", f" × {count}") if count > 1 else ("", "")
    return total, small, f" {size:g}{name}{times}", f", {size:g} {unit_en}{times_en}"
