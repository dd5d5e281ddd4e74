"""The words an assortment is written in: shelves (second-level categories) and families of products on them."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Variant:
    """A flavour, size or kind. `percent` scales the price of the family."""

    name: str
    name_en: str
    percent: int = 100


@dataclass(frozen=True, slots=True)
class Family:
    """Products that differ only in brand and variant.

    `price_minor` is for a brand of the middle rung, per selling unit; `pack` is written "900g" or "250ml*12" and is
    "kg" for weighed goods, of which `typical_milli` thousandths of a kilogram go into a bag.
    `cycle_days` is how long one unit lasts a typical household, 0 when it is not used up.
    `liked` is the share of the shelf's sales this family has beside its neighbours.
    """

    key: str
    name: str
    name_en: str
    price_minor: int
    pack: str
    brands: tuple[str, ...]
    variants: tuple[Variant, ...] = (Variant("", ""),)
    margin: str = "mid"
    cycle_days: int = 0
    typical_milli: int = 0
    liked: float = 1.0


@dataclass(frozen=True, slots=True)
class Shelf:
    """A second-level category.

    `appeal` is how often a line of a basket comes from here, for the households single, couple, baby, school and
    elderly. `seasons` scales it: "summer" and "winter" swing over the year, "spring_festival" and "mid_autumn"
    rise before the feast, "only_mid_autumn" is nothing at other times. `regret` is how much likelier than usual
    a line goes back.
    """

    code: str
    name: str
    name_en: str
    appeal: tuple[float, float, float, float, float]
    families: tuple[Family, ...]
    seasons: dict[str, float] = field(default_factory=dict)
    regret: float = 1.0


@dataclass(frozen=True, slots=True)
class Department:
    """A first-level category."""

    code: str
    name: str
    name_en: str
    shelves: tuple[Shelf, ...]


def variants(text: str) -> tuple[Variant, ...]:
    """Read "原味 original, 草莓 strawberry 110": the name, the English name, a percentage where it is not 100."""
    found = []
    for part in text.split(","):
        name, _, rest = part.strip().partition(" ")
        words = rest.split()
        percent = int(words.pop()) if words and words[-1].isdigit() else 100
        found.append(Variant(name, " ".join(words), percent))
    return tuple(found)
