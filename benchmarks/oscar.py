"""Laoke's pricing beside django-oscar's offers: the same baskets, the same twenty live offers, in one run.

`python -m benchmarks.oscar`. Target: >= 1,000 times the baskets a second of `Applicator.apply` as its users have it.

django-oscar lives in a venv of its own (LAOKE_HOME/bench/oscar), made here from oscar_requirements.txt, and runs in a
process of its own (oscar_side.py) that reads the same JSON. Rounds alternate: some baskets here, the same there, and
here again. Both sides count CPU seconds of one core, so that other work on the machine counts for neither.

Counted here: `price`, with basket and programme in memory. Counted there: `Applicator.apply` on a basket in memory, its
lines, articles, stock records and prices loaded; SQLite in memory, so no network and no disk. Twice more without what
the database costs: with the offers kept as objects, and with the articles of every range kept too.

What makes the two the same:
- Oscar takes every percentage off the list price: `percent_base=original`, thresholds measured by list prices.
- Oscar spreads amounts cheapest line first, rounds shares down, and the last line takes the rest: so do the policies.
- Oscar rounds a percentage once an offer, but keeps fractions on the lines: prices are in steps of 0.20, so that no
  percentage of them needs rounding.
- `exclusive` (its default): a unit serves one offer, by priority. Percentages, amounts and unit discounts take whole
  lines there, so `once_per_line` is the same. Multibuy and sets take units out of lines; they have categories of
  their own, on both sides. Its percentage ends at the first line (cheapest first) that another offer has taken;
  so percentages go first and have no article in common.
- `stacked` (its offers not exclusive): every offer on every unit, by list price; `once_per_line` is off.
- Its multibuy gives one unit a basket (`repeat=False`); its sets go cheapest first. It stops at a set that would cost
  less than its price; no set here does.
What may differ: where an amount meets lines that another offer has taken, Oscar gives the last cent to the dearest of
all lines, taken or not, and Laoke to the dearest of those that take part; of two cheapest articles at one price either
may be the free one. So the discounts of lines are counted too, and not asked to agree.
Nothing is said of speed unless every basket has the same total and every offer the same discount on both sides.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import statistics
import subprocess
import sys
import time
import venv
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path
from typing import Any

from benchmarks import machine
from laoke.engine.conditions import Is, Op
from laoke.engine.pricing.basket import Article, Basket, Line
from laoke.engine.pricing.board import ANONYMOUS
from laoke.engine.pricing.compiled import Programme
from laoke.engine.pricing.effects.amount import Amount
from laoke.engine.pricing.effects.percent import Allocation
from laoke.engine.pricing.effects.picking import Pick
from laoke.engine.pricing.effects.thresholds import Metric, Step, Tiered
from laoke.engine.pricing.effects.turn import Effect
from laoke.engine.pricing.effects.units import BundlePrice, BuyGet, Part
from laoke.engine.pricing.offers import Offer
from laoke.engine.pricing.policies import PercentBase, Policies, Remainder, SpreadOrder
from laoke.engine.pricing.priced import Priced
from laoke.engine.pricing.pricing import price
from laoke.engine.pricing.selectors import Selector
from laoke.kernel.rounding import Rounding

HERE = Path(__file__).parent
REQUIREMENTS = HERE / "oscar_requirements.txt"
AT = datetime(2026, 11, 22, 4, tzinfo=UTC)
POLICIES = Policies(
    rounding=Rounding.DOWN,
    percent_base=PercentBase.ORIGINAL,
    remainder=Remainder.LAST_LINE,
    spread_order=SpreadOrder.UNIT_PRICE_ASC,
)
DEPARTMENTS = {f"d{d}": [f"d{d}c{c}" for c in range(3 if d == 5 else 5)] for d in range(6)}
BY_LINE = [name for d in range(4) for name in DEPARTMENTS[f"d{d}"]]
BY_UNIT = [*DEPARTMENTS["d4"][:3], *DEPARTMENTS["d5"]]
STEP = 20  # of prices, in minor units
LINES = 10
PASSES = 20  # before and after each round there: one pass here is a few milliseconds
WAYS = ("as_used", "offers_kept", "ranges_kept")


def products(rng: random.Random) -> list[dict[str, Any]]:
    """Six hundred articles, prices in steps; those for sets within a band."""
    found = []
    for number in range(600):
        category = rng.choice(BY_LINE if number % 10 < 6 else BY_UNIT)
        most = 2_000 if category in BY_UNIT else 20_000
        found.append(
            {"sku": f"s{number}", "category": category, "price_minor": rng.randrange(1_000, most, STEP)}
        )
    return found


def offers(rng: random.Random, goods: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Five percentages, five amounts and four unit discounts on goods by line; three multibuys and three sets."""
    categories = rng.sample(BY_LINE, len(BY_LINE))
    apart = [categories[3 * k : 3 * k + 3] for k in range(5)]
    percents: list[dict[str, Any]] = [{"categories": each} for each in apart[:3]]
    percents += [{"skus": [each["sku"] for each in goods if each["category"] in of]} for of in apart[3:]]
    for place, each in enumerate(percents):
        each |= {"kind": "percent", "percent": 5 * (1 + place % 4), "count": 1 + place % 3}
    skus = [each["sku"] for each in goods if each["category"] in BY_LINE]
    wide: list[dict[str, Any]] = [
        *({"categories": [f"d{d}"]} for d in range(4)),
        *({"categories": rng.sample(BY_LINE, 4)} for _ in range(2)),
        *({"skus": sorted(rng.sample(skus, 100))} for _ in range(3)),
    ]
    rng.shuffle(wide)
    for place, each in enumerate(wide):
        if place % 2:
            each |= {"kind": "unit", "minor": 20 * (1 + place), "count": 1}
        else:
            each |= {"kind": "amount", "minor": 500 + 100 * place, "value_minor": 8_000 + 2_000 * place}
    units: list[dict[str, Any]] = [{"categories": [category]} for category in BY_UNIT]
    for place, each in enumerate(units):
        if place % 2:
            each |= {"kind": "set", "count": 2, "minor": 1_890}
        else:
            each |= {"kind": "multibuy", "count": 2 + place // 2}
    found = [*percents, *wide, *units]
    return [each | {"key": f"o{k}", "priority": 100 - k} for k, each in enumerate(found)]


def document(seed: int, baskets: int, *, exclusive: bool) -> dict[str, Any]:
    """The shop that both sides read."""
    rng = random.Random(seed)
    goods = products(rng)
    lives = offers(rng, goods)
    skus = [each["sku"] for each in goods]
    return {
        "exclusive": exclusive,
        "departments": DEPARTMENTS,
        "products": goods,
        "offers": lives,
        "baskets": [
            [(sku, rng.choice([1, 1, 1, 2, 3])) for sku in rng.sample(skus, LINES)] for _ in range(baskets)
        ],
    }


def effect(offer: dict[str, Any], goods: Selector) -> Effect:
    """What an offer gives, in Laoke's words."""
    match offer["kind"]:
        case "percent":
            step = Step(offer["count"], share=Fraction(offer["percent"], 100))
            return Tiered((step,), Metric.QUANTITY, target=goods)
        case "amount":
            return Tiered((Step(offer["value_minor"], offer["minor"]),), discounted=False, target=goods)
        case "unit":
            return Amount(offer["minor"], Allocation.EACH, target=goods)
        case "multibuy":
            bought = Part(offer["count"] - 1, goods)
            return BuyGet(bought, Part(1, goods), Fraction(1), repeat=False)
        case _:
            return BundlePrice(offer["minor"], (Part(offer["count"], goods),), pick=Pick.CHEAPEST_FIRST)


def ours(shop: dict[str, Any]) -> tuple[Programme, list[Basket]]:
    """The same offers and baskets here."""
    lives = []
    for offer in shop["offers"]:
        attribute, values = (
            ("product.sku", offer["skus"]) if "skus" in offer else ("product.category", offer["categories"])
        )
        goods = Selector(Is(attribute, Op.IN, frozenset(values)))
        lives.append(
            Offer(
                offer["key"],
                (effect(offer, goods),),
                priority=offer["priority"],
                once_per_line=shop["exclusive"],
            )
        )
    department = {name: above for above, below in shop["departments"].items() for name in below}
    articles = {
        each["sku"]: (
            Article(each["sku"], frozenset({each["category"], department[each["category"]]})),
            each["price_minor"],
        )
        for each in shop["products"]
    }
    baskets = [
        Basket(
            tuple(
                Line(place, articles[sku][0], quantity * 1000, articles[sku][1])
                for place, (sku, quantity) in enumerate(lines, start=1)
            )
        )
        for lines in shop["baskets"]
    ]
    return Programme(lives, POLICIES), baskets


def found(priced: Priced) -> dict[str, Any]:
    """What a basket was given, as the other side says it."""
    return {
        "total": priced.total_minor,
        "offers": {deal.ready.offer.key: deal.amount for deal in priced.given if deal.amount},
        "lines": [line.discount_minor for line in priced.lines],
    }


def environment() -> Path:
    """The Python that has django-oscar; made when it is missing or the requirements changed."""
    home = Path(os.environ.get("LAOKE_HOME", "var")).resolve() / "bench" / "oscar"
    python, stamp = home / "bin" / "python", home / "requirements.sha256"
    wanted = hashlib.sha256(REQUIREMENTS.read_bytes()).hexdigest()
    if not (stamp.exists() and stamp.read_text(encoding="utf-8") == wanted):
        venv.create(home, with_pip=True, clear=True)
        install = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--require-hashes", "-r"]
        subprocess.run([python, *install, REQUIREMENTS], check=True, stdout=sys.stderr)
        stamp.write_text(wanted, encoding="utf-8")
    return python


class Other:
    """The process of the other side."""

    def __init__(self, python: Path, shop: dict[str, Any]) -> None:
        without = {
            name: value for name, value in os.environ.items() if not name.startswith(("DJANGO", "PYTHON"))
        }
        self.process = subprocess.Popen(
            [python, "-P", HERE / "oscar_side.py"],  # -P: `import oscar` is not this file
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=without,
        )
        self.began = self.ask(shop)

    def ask(self, question: dict[str, Any]) -> dict[str, Any]:
        """One line there and one back."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps(question) + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        if not answer:
            sys.exit(f"the other side ended with code {self.process.wait()}")
        return dict(json.loads(answer))

    def end(self) -> None:
        """Let it go."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait()


def measure(python: Path, shop: dict[str, Any], rounds: int, ways: tuple[str, ...]) -> dict[str, Any]:
    """Alternating rounds over a shop's baskets; every answer of every round is compared."""
    programme, baskets = ours(shop)
    here = [found(price(basket, programme, ANONYMOUS, AT)) for basket in baskets]
    other = Other(python, shop)
    size = len(baskets) // rounds
    ours_s: list[float] = []
    theirs_s: dict[str, list[float]] = {way: [] for way in ways}
    same = dict.fromkeys(("answers", "totals", "discounts_of_offers", "discounts_of_lines"), 0)
    for turn in range(rounds):
        first, last = turn * size, (turn + 1) * size
        before = passes(programme, baskets[first:last])
        for way in ways:
            answer = other.ask({"way": way, "baskets": (first, last)})
            theirs_s[way].append(answer["seconds"] / size)
            for a, b in zip(here[first:last], answer["found"], strict=True):
                compare(a, b, same)
        after = passes(programme, baskets[first:last])
        ours_s.append((before + after) / 2)
    other.end()
    given = [len(each["offers"]) for each in here[: size * rounds]]
    described = {
        "baskets": size * rounds,
        "offers_concerning_a_basket": round(concerning(shop, size * rounds), 1),
        "offers_given_a_basket": round(statistics.mean(given), 1),
        "offers_given_at_least_once": len({key for each in here for key in each["offers"]}),
        "compared": same,
    }
    if not same["totals"] == same["discounts_of_offers"] == same["answers"]:
        print(json.dumps(described), file=sys.stderr)
        sys.exit("totals or discounts differ: no ratio is stated")
    return described | {
        "laoke": speed(ours_s),
        "oscar": {
            way: speed(theirs_s[way])
            | {"statements_a_basket": other.began["statements"][way]}
            | ratios([b / a for a, b in zip(ours_s, theirs_s[way], strict=True)])
            for way in ways
        },
        "versions": other.began["versions"],
    }


def passes(programme: Programme, baskets: list[Basket]) -> float:
    """CPU seconds a basket."""
    begun = time.process_time()
    for _ in range(PASSES):
        for basket in baskets:
            price(basket, programme, ANONYMOUS, AT)
    return (time.process_time() - begun) / PASSES / len(baskets)


def concerning(shop: dict[str, Any], baskets: int) -> float:
    """Of how many offers a basket holds an article, on average."""
    of: dict[str, int] = {}
    for each in shop["products"]:
        names = {each["category"], each["category"][:2]}
        of[each["sku"]] = sum(
            1 << place
            for place, offer in enumerate(shop["offers"])
            if each["sku"] in offer.get("skus", ()) or not names.isdisjoint(offer.get("categories", ()))
        )
    counts = []
    for lines in shop["baskets"][:baskets]:
        found = 0
        for sku, _ in lines:
            found |= of[sku]
        counts.append(found.bit_count())
    return statistics.mean(counts)


def compare(ours: dict[str, Any], theirs: dict[str, Any], same: dict[str, int]) -> None:
    """Count what agrees; say of the first few that do not."""
    same["answers"] += 1
    same["totals"] += ours["total"] == theirs["total"]
    same["discounts_of_offers"] += ours["offers"] == theirs["offers"]
    same["discounts_of_lines"] += ours["lines"] == theirs["lines"]
    wrong = same["answers"] - min(same["totals"], same["discounts_of_offers"])
    if wrong <= 3 and (ours["total"], ours["offers"]) != (theirs["total"], theirs["offers"]):
        print(f"differ: here {ours}\n       there {theirs}", file=sys.stderr)


def speed(seconds: list[float]) -> dict[str, float]:
    """Of the seconds a basket, by round."""
    middle = statistics.median(seconds)
    return {"us_a_basket": round(middle * 1e6, 1), "baskets_a_second": round(1 / middle, 1)}


def ratios(found: list[float]) -> dict[str, float]:
    """How many times the baskets a second, by round."""
    return {
        "laoke_is_times_as_fast": round(statistics.median(found), 1),
        "lowest_round": round(min(found), 1),
        "highest_round": round(max(found), 1),
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--baskets", type=int, default=300)
    parser.add_argument("--stacked", type=int, default=100, help="baskets for the second question")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seed", type=int, default=20261122)
    arguments = parser.parse_args()
    described = machine.describe()
    python = environment()
    exclusive = document(arguments.seed, arguments.baskets, exclusive=True)
    stacked = document(arguments.seed, arguments.stacked, exclusive=False)
    result = {
        "machine": described,
        "lines": LINES,
        "live_offers": len(exclusive["offers"]),
        "exclusive": measure(python, exclusive, arguments.rounds, WAYS),
        "stacked": measure(python, stacked, arguments.rounds, WAYS[:2]),
        "targets": {"exclusive_as_used_times": 1_000},
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
