"""The household of a member, on the member's page: put together, shared, left, and taken back."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from laoke.foundation.access import SYSTEM
from laoke.members import selectors
from laoke.members import services as members
from laoke.members.types import IdentityInput
from tests.shop import OPENING

from .test_member_edit import facts
from .test_pages import text


@pytest.fixture
def family(shop):
    """Three members; their phones end alike."""
    return [
        members.register(
            caller=SYSTEM,
            at=OPENING - timedelta(days=100),
            name=name,
            identities=[IdentityInput("phone", f"138{number}2345678")],
        )
        for number, name in enumerate(("李小梅", "李大山", "王兰"))
    ]


def home(member_id: int) -> dict[int, bool]:
    view = selectors.household(member_id)
    return {each.member_id: each.shares_points for each in view.people} if view else {}


def test_a_household_from_its_beginning_to_its_end(family, hire):
    browser = hire("customer_service")
    one, two, three = family
    path = f"/members/{one}/household"
    assert "Lives in no household." in text(browser.get(f"/members/{one}/profile"))
    assert browser.get(path).status_code == 200
    answer = browser.post(path, {"other": "13812345678", "once": "a"})
    assert (answer.status_code, answer.url) == (303, f"/members/{one}/profile")
    assert home(one) == {one: False, two: False}
    shown = text(browser.get(f"/members/{one}/profile"))
    assert "They live in one household now." in shown
    assert "Share points with the others" in shown

    # From the page of one who lives nowhere: that one joins.
    browser.post(f"/members/{three}/household", {"other": str(two), "once": "b"})
    assert home(three) == {one: False, two: False, three: False}

    browser.post(path, {"act": "share", "once": "c"})
    assert home(one) == {one: True, two: False, three: False}
    shown = text(browser.get(f"/members/{one}/profile"))
    assert "shares points" in shown
    assert "Share points no longer" in shown
    browser.post(path, {"act": "keep", "once": "d"})
    assert home(one) == {one: False, two: False, three: False}

    browser.post(path, {"act": "leave", "once": "e"})
    assert (home(one), home(two)) == ({}, {two: False, three: False})
    undo = browser.get(f"/members/{one}/profile").content.decode()
    household = re.search(r'name="household" value="(\d+)"', undo)[1]
    browser.post(path, {"act": "return", "household": household, "once": "f"})
    assert home(one) == {one: False, two: False, three: False}


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("5678", "Several members match."),
        ("13900000000", "No member is found by this."),
        ("", "This field is required."),
        ("self", "two different members"),
    ],
    ids=["several", "nobody", "nothing", "oneself"],
)
def test_what_cannot_be_is_said_and_changes_nothing(family, hire, typed, told):
    browser = hire("customer_service")
    one, *_others = family
    stored = facts()
    answer = browser.post(
        f"/members/{one}/household", {"other": str(one) if typed == "self" else typed, "once": "a"}
    )
    assert answer.status_code == 422
    assert told in text(answer)
    assert facts() == stored


def test_who_lives_elsewhere_is_not_taken_from_there(family, hire):
    browser = hire("customer_service")
    one, two, three = family
    stranger = members.register(caller=SYSTEM, at=OPENING, identities=[IdentityInput("phone", "13900001111")])
    theirs = members.form_household(caller=SYSTEM, member_ids=[three, stranger], at=OPENING)
    members.form_household(caller=SYSTEM, member_ids=[one, two], at=OPENING)
    stored = facts()
    answer = browser.post(f"/members/{one}/household", {"other": "13900001111", "once": "a"})
    assert answer.status_code == 422
    assert f"lives in household {theirs}" in text(answer)
    assert facts() == stored


def test_a_repeat_changes_nothing(family, hire):
    browser = hire("customer_service")
    one, two, _three = family
    for once in ("a", "a", "b"):
        assert browser.post(f"/members/{one}/household", {"other": str(two), "once": once}).status_code == 303
    assert home(one) == {one: False, two: False}
    browser.post(f"/members/{one}/household", {"act": "leave", "once": "c"})
    stored = facts()
    assert browser.post(f"/members/{one}/household", {"act": "leave", "once": "c"}).status_code == 303
    assert browser.post(f"/members/{one}/household", {"act": "return", "household": "x", "once": "d"})
    assert facts() == stored
