"""Offers that cannot be used are refused with the place in the file: what is wrong, where, how to mend it."""

from __future__ import annotations

from typing import Any

import pytest

from laoke.engine.conditions.documents import Language
from laoke.promotions.documents.files import NotYaml, read_file
from laoke.promotions.documents.offers import Fault, read_offer
from laoke.promotions.vocabulary import VOCABULARY

LANGUAGE = Language(VOCABULARY, "CNY")
HEAD = """\
name: {zh: 名, en: Name}
goal: repeat
stage: basket
"""


def faults(body: str) -> list[tuple[int, str, str]]:
    """(line in the file, place, what it says) of everything wrong with an offer."""
    file = read_file(HEAD + body)
    with pytest.raises(Fault) as refused:
        read_offer(file.document, LANGUAGE)
    return [(file.line_of(place), ".".join(map(str, place)), says) for place, says in refused.value.faults]


@pytest.mark.parametrize(
    ("body", "line", "place", "says"),
    [
        ("gives: []", 4, "gives", "at least 1 item"),
        ("gives:\n- amount: {discount: 20}\ncolour: red", 6, "colour", "no such field"),
        ("gives:\n- amount: {discount: -5}", 5, "gives.0.amount.discount", "not negative"),
        ("gives:\n- amount: {discount: 1.999}", 5, "gives.0.amount.discount", "more decimals"),
        ("gives:\n- percent: {percent: 120}", 5, "gives.0.percent.percent", "up to 100"),
        ("gives:\n- percent: {percent: 0}", 5, "gives.0.percent.percent", "above 0"),
        ("gives:\n- percent: {percent: yes}", 5, "gives.0.percent.percent", "takes percent like"),
        ("gives:\n- {}", 5, "gives.0", "exactly one of"),
        ("gives:\n- percent: {percent: 5}\n  amount: {discount: 5}", 5, "gives.0", "exactly one of"),
        ("gives:\n- nth: {n: 1, percent: 50}", 5, "gives.0.nth.n", "greater than or equal to 2"),
        ("gives:\n- pay_for: {buy: 3, pay: 3}", 5, "gives.0.pay_for", "pay has to be less"),
        ("gives:\n- every: {reaching: 10, discount: 20}", 5, "gives.0.every", "more would be off"),
        ("gives:\n- every: {reaching: 0, discount: 0}", 5, "gives.0.every", "above zero"),
        (
            "gives:\n- tiered:\n    steps:\n    - {reaching: 200, discount: 50}\n    - {reaching: 200, discount: 60}",
            5,
            "gives.0.tiered",
            "overlap",
        ),
        (
            "gives:\n- tiered:\n    steps:\n    - {reaching: 100, discount: 50}\n    - {reaching: 200, discount: 20}",
            5,
            "gives.0.tiered",
            "gives less",
        ),
        ("gives:\n- gift: {skus: [toy], per: {quantity: 1}}", 5, "gives.0.gift", "max_times"),
        ("gives:\n- coupon: {template: t, per: {reaching: 10}}", 5, "gives.0.coupon", "max_times"),
        ("gives:\n- points: {factor: 2, bonus: 5}", 5, "gives.0.points", "either factor or bonus"),
        ("gives:\n- points: {factor: 1}", 5, "gives.0.points.factor", "above 1 and up to 20"),
        ("gives:\n- points: {factor: 1.005}", 5, "gives.0.points.factor", "two decimals"),
        ("gives:\n- delivery: {free: true, price: 1}", 5, "gives.0.delivery", "takes one of"),
        ("starts: 2026-12-01\nends: 2026-11-01\ngives:\n- amount: {discount: 1}", 1, "", "ends before"),
        ("starts: 2026-12-01 10:00:00\ngives:\n- amount: {discount: 1}", 4, "starts", "with its offset"),
        ("when: {member.teir: gold}\ngives:\n- amount: {discount: 1}", 4, "when.member.teir", "no attribute"),
        (
            "when:\n  all:\n  - {member.tier: gold}\n  - {basket.subtotal: {gte: lots}}\ngives:\n- gift: {skus: [a]}",
            7,
            "when.all.1.basket.subtotal.gte",
            "no amount of money",
        ),
        (
            "gives:\n- percent: {percent: 5, of: {member.tier: gold}}",
            5,
            "gives.0.percent.of.member.tier",
            "no attribute",
        ),
        (
            "limits: {in_total: 0}\ngives:\n- amount: {discount: 1}",
            4,
            "limits.in_total",
            "greater than or equal to 1",
        ),
    ],
)
def test_a_fault_names_its_line_and_place(body: str, line: int, place: str, says: str) -> None:
    found = faults(body)
    assert [(each[0], each[1]) for each in found] == [(line, place)]
    assert says in found[0][2]


def test_all_faults_are_told_at_once() -> None:
    body = "priority: 5000\ngives:\n- percent: {percent: 200}\n- amount: {discount: x}"
    assert [place for _, place, _ in faults(body)] == [
        "priority",
        "gives.0.percent.percent",
        "gives.1.amount.discount",
    ]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("a: [", "line 1"),
        ("a: 1\na: 2", "line 2: 'a' stands here twice"),
        ("a: &x {b: 1}\nc: *x", "anchors"),
        ("a: !!python/object:os.system {}", "line 1"),
    ],
)
def test_files_that_cannot_be_read_say_in_which_line(text: str, says: str) -> None:
    with pytest.raises(NotYaml, match=says):
        read_file(text)


def test_what_is_no_mapping_is_refused() -> None:
    for document in (None, [], "offer", 5):
        refused: Any = document
        with pytest.raises(Fault):
            read_offer(refused, LANGUAGE)
