from dataclasses import replace
from datetime import date, timedelta

import pytest

from laoke.surfaces.demo import generate
from laoke.surfaces.demo.world import store_count

TODAY = date(2026, 7, 15)


def test_the_same_arguments_give_the_same_shop(zone):
    one, two = generate(400, TODAY, 3, zone), generate(400, TODAY, 3, zone)
    assert replace(one, history=None) == replace(two, history=None)
    events = list(one.history)
    assert events == list(two.history)
    assert events == list(one.history)


def test_another_seed_gives_another_shop(zone):
    one, two = generate(400, TODAY, 3, zone), generate(400, TODAY, 4, zone)
    assert one.people != two.people
    assert list(one.history) != list(two.history)


def test_another_today_moves_the_dates_along(zone):
    moved = timedelta(days=75)
    one, two = generate(2_000, TODAY, 3, zone), generate(2_000, TODAY + moved, 3, zone)
    assert (one.products, one.categories, one.channels) == (two.products, two.categories, two.channels)
    assert [replace(store, opened_on=store.opened_on + moved) for store in one.stores] == list(two.stores)
    for before, after in zip(one.people, two.people, strict=True):
        assert before.registered_at + moved == after.registered_at
        assert (before.card_no, before.phone, before.household, before.same_person_as) == (
            after.card_no, after.phone, after.household, after.same_person_as,
        )  # fmt: skip
        if before.birth_date:
            assert before.birth_date + moved == after.birth_date
    assert abs(one.history.sales / two.history.sales - 1) < 0.05


def test_the_chain_grows_with_its_members(zone):
    assert [store_count(members) for members in (100, 5_000, 100_000, 1_000_000)] == [3, 12, 42, 42]
    small = generate(100, TODAY, 3, zone)
    assert len(small.people) == 100
    assert small.history.sales > 300


@pytest.mark.parametrize("members", [0, 99, 1_000_001])
def test_a_size_out_of_range_is_refused(members, zone):
    with pytest.raises(ValueError, match="takes 100 to 1000000 members"):
        generate(members, TODAY, 3, zone)
