"""What each kind of household is like. Tuples follow HOUSEHOLDS: single, couple, baby, school, elderly."""

from __future__ import annotations

from dataclasses import dataclass

from .types import Household

HOUSEHOLDS = tuple(Household)

SHARE = (0.25, 0.22, 0.13, 0.23, 0.17)
# Visits and lines beside the average member.
VISITS = (0.85, 0.95, 1.0, 1.1, 1.2)
LINES = (0.75, 1.0, 1.05, 1.25, 0.95)
# Age of the card holder in years: mean, spread, youngest, oldest.
AGES = ((27, 4, 18, 38), (33, 7, 23, 58), (31, 4, 22, 43), (40, 5, 29, 55), (65, 7, 52, 88))
# Chance that an order is placed online, and that one at the counter goes through self-checkout.
ONLINE = (0.42, 0.3, 0.42, 0.28, 0.07)
SELF_CHECKOUT = (0.55, 0.4, 0.32, 0.35, 0.08)
# Kinds of tender: WeChat, Alipay, cash, bank card, QuickPass.
TENDERS = (
    (0.55, 0.36, 0.01, 0.03, 0.05),
    (0.54, 0.33, 0.02, 0.05, 0.06),
    (0.55, 0.34, 0.01, 0.04, 0.06),
    (0.55, 0.30, 0.03, 0.06, 0.06),
    (0.50, 0.12, 0.24, 0.08, 0.06),
)


@dataclass(frozen=True, slots=True)
class Need:
    """Something a household keeps running out of.

    `families` are (family key, from day, to day): the life of the youngest child in days decides which one is due,
    (key, 0, 0) is due always. `share` is how many households have the need and cover it here. Needs of one `trait`
    belong to the same households. `urgent` needs cause a visit of their own, the others wait for the next visit.
    `units` is the chance of buying 1, 2, 3, 4 units at once.
    """

    trait: str
    families: tuple[tuple[str, int, int], ...]
    share: tuple[float, float, float, float, float]
    urgent: bool
    units: tuple[float, float, float, float]


def _always(key: str) -> tuple[tuple[str, int, int], ...]:
    return ((key, 0, 0),)


_ONE = (1.0, 0.0, 0.0, 0.0)
_FEW = (0.75, 0.25, 0.0, 0.0)

NEEDS = (
    Need(
        "formula",
        (("formula1", 0, 180), ("formula2", 180, 365), ("formula3", 365, 1_000)),
        (0, 0, 0.22, 0, 0),
        True,
        (0.55, 0.35, 0.07, 0.03),
    ),
    Need(
        "nappies",
        (
            ("nappy_nb", 0, 35),
            ("nappy_s", 35, 110),
            ("nappy_m", 110, 240),
            ("nappy_l", 240, 500),
            ("nappy_xl", 500, 850),
        ),
        (0, 0, 0.3, 0, 0),
        True,
        (0.6, 0.35, 0.05, 0.0),
    ),
    Need("wipes", (("wipes", 0, 1_000),), (0, 0, 0.55, 0, 0), False, _ONE),
    Need("baby_rice", (("baby_rice", 150, 540),), (0, 0, 0.45, 0, 0), False, _FEW),
    Need("cat", _always("cat_food"), (0.09, 0.06, 0.02, 0.02, 0.015), True, _ONE),
    Need("cat", _always("litter"), (0.09, 0.06, 0.02, 0.02, 0.015), False, (0.2, 0.5, 0.2, 0.1)),
    Need("dog", _always("dog_food"), (0.025, 0.03, 0.01, 0.02, 0.02), True, _ONE),
    Need("coffee", _always("coffee_bean"), (0.07, 0.07, 0.02, 0.03, 0.0), True, _ONE),
    Need("instant_coffee", _always("coffee_instant"), (0.06, 0.05, 0.03, 0.03, 0.01), True, _ONE),
    Need("elder_milk", _always("milk_elder"), (0, 0, 0, 0, 0.16), True, _FEW),
    Need("student_milk", _always("milk_student"), (0, 0, 0, 0.06, 0), False, _ONE),
    Need("milk_box", _always("milk_box"), (0.1, 0.15, 0.15, 0.3, 0.25), False, _FEW),
    Need("tissue", _always("tissue"), (0.4, 0.45, 0.5, 0.5, 0.35), False, _ONE),
    Need("toilet", _always("toilet"), (0.35, 0.4, 0.45, 0.45, 0.4), False, _ONE),
    Need("laundry", _always("laundry"), (0.3, 0.4, 0.45, 0.45, 0.35), False, _ONE),
    Need("dish", _always("dish"), (0.2, 0.4, 0.4, 0.45, 0.4), False, _ONE),
    Need("rice", _always("rice"), (0.1, 0.3, 0.35, 0.45, 0.5), False, _ONE),
    Need("oil", _always("oil"), (0.08, 0.25, 0.3, 0.35, 0.4), False, _ONE),
    Need("shampoo", _always("shampoo"), (0.3, 0.3, 0.25, 0.3, 0.2), False, _ONE),
    Need("toothpaste", _always("toothpaste"), (0.3, 0.35, 0.3, 0.35, 0.3), False, _FEW),
    Need("pads", _always("pads"), (0.35, 0.35, 0.25, 0.3, 0.0), False, (0.4, 0.4, 0.2, 0.0)),
)

# When the first family is in a basket, chance that a line of the second shelf joins it.
COMPANIONS = (
    ("hotpot", "0205", 0.45),
    ("hotpot", "0107", 0.4),
    ("hotpot", "0101", 0.35),
    ("balls", "0305", 0.3),
    ("beer", "0402", 0.22),
    ("beer", "0603", 0.2),
    ("formula1", "0703", 0.12),
    ("formula2", "0704", 0.15),
    ("formula3", "0704", 0.12),
    ("coffee_bean", "0602", 0.25),
    ("toast", "0201", 0.25),
    ("cat_food", "1103", 0.3),
    ("dog_food", "1103", 0.3),
    ("instant", "0109", 0.12),
    ("dumplings", "0304", 0.18),
    ("crisps", "0503", 0.25),
    ("pan", "1002", 0.25),
    ("laundry", "0904", 0.18),
)
