"""Who lives together: formed, joined, left, merged and parted again; one household at a time."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from laoke.foundation.access import MissingScope
from laoke.members import selectors, services
from laoke.members.errors import (
    HouseholdFull,
    HouseholdTaken,
    HouseholdTooSmall,
    MemberErased,
    MemberMerged,
    UnknownHousehold,
    UnknownMember,
)
from laoke.members.models import Member
from laoke.members.services.exporting import _row
from laoke.members.tests.spelling import identity

pytestmark = pytest.mark.django_db


@pytest.fixture
def people(join):
    """`people(3)`: the numbers of three members."""
    return lambda number: [join(f"card:{8000 + each}", name="李梅") for each in range(number)]


@pytest.fixture
def form(clerk, t0):
    return lambda *ids: services.form_household(caller=clerk, member_ids=ids, at=t0)


@pytest.fixture
def live(clerk, t0):
    return lambda household, member: services.join_household(
        caller=clerk, household_id=household, member_id=member, at=t0 + timedelta(days=1)
    )


def home(member_id: int) -> tuple[int, dict[int, bool]] | None:
    """The household, and who in it shares points."""
    view = selectors.household(member_id)
    return None if view is None else (view.id, {each.member_id: each.shares_points for each in view.people})


def test_two_live_together_and_one_more_joins(people, form, live, everything):
    one, two, three = people(3)
    assert home(one) is None
    household = form(two, one)
    assert home(one) == home(two) == (household, {one: False, two: False})
    assert live(household, three)
    assert [each.member_id for each in selectors.household(one).people] == [one, two, three]
    assert selectors.live_together(one, three)
    assert not selectors.live_together(one, one)

    stored = everything()
    assert form(one, two, three) == form(three, two) == household
    assert not live(household, three)
    assert everything() == stored, "a repeat changes nothing"


def test_one_lives_in_one_household(people, form, live, everything):
    one, two, three, four, five = people(5)
    first, second = form(one, two), form(three, four)
    stored = everything()
    for refused in (
        lambda: live(second, one),
        lambda: form(one, three),
        lambda: form(one, five),
    ):
        with pytest.raises(HouseholdTaken) as told:
            refused()
        assert told.value.extensions == {"member_id": one, "household_id": first}
    assert everything() == stored


def test_what_cannot_be_is_refused(people, form, live, everything, clerk, stranger, t0, join):
    ids = people(9)
    household = form(*ids[:8])
    gone, kept = join("card:0001"), join("card:0002")
    services.merge(caller=clerk, kept_id=kept, gone_id=gone, reason="同一人", at=t0)
    nobody = join("card:0003")
    services.erase_person(caller=clerk, member_id=nobody, reason="本人要求", at=t0)
    stored = everything()
    with pytest.raises(HouseholdFull):
        live(household, ids[8])
    with pytest.raises(HouseholdFull):
        form(*ids)
    for too_few in ((), (ids[8],), (ids[8], ids[8])):
        with pytest.raises(HouseholdTooSmall):
            form(*too_few)
    for refusal, member in ((UnknownMember, 10**9), (MemberMerged, gone), (MemberErased, nobody)):
        with pytest.raises(refusal):
            form(ids[8], member)
        with pytest.raises(refusal):
            live(household, member)
    with pytest.raises(UnknownHousehold):
        live(household + 1, ids[8])
    with pytest.raises(UnknownHousehold):
        services.share_points(caller=clerk, member_id=ids[8], shares=True, at=t0)
    for forbidden in (
        lambda: services.form_household(caller=stranger, member_ids=ids[:2], at=t0),
        lambda: services.join_household(caller=stranger, household_id=household, member_id=ids[0], at=t0),
        lambda: services.leave_household(caller=stranger, member_id=ids[0], at=t0),
        lambda: services.share_points(caller=stranger, member_id=ids[0], shares=True, at=t0),
    ):
        with pytest.raises(MissingScope):
            forbidden()
    assert everything() == stored


def test_points_are_shared_when_the_member_says_so(people, form, clerk, t0, everything):
    one, two = people(2)
    household = form(one, two)
    assert services.share_points(caller=clerk, member_id=two, shares=True, at=t0)
    assert home(one) == (household, {one: False, two: True})
    stored = everything()
    assert not services.share_points(caller=clerk, member_id=two, shares=True, at=t0)
    assert everything() == stored
    assert services.share_points(caller=clerk, member_id=two, shares=False, at=t0)
    assert home(one) == (household, {one: False, two: False})


def test_leaving_and_coming_back(people, form, live, clerk, t0, everything):
    one, two = people(2)
    household = form(one, two)
    services.share_points(caller=clerk, member_id=one, shares=True, at=t0)
    assert services.leave_household(caller=clerk, member_id=one, at=t0)
    assert home(one) is None
    assert home(two) == (household, {two: False})
    stored = everything()
    assert not services.leave_household(caller=clerk, member_id=one, at=t0)
    assert everything() == stored
    assert live(household, one)
    assert home(one) == (household, {one: False, two: False}), (
        "what was shared once is not shared again by itself"
    )
    for each in (one, two):
        services.leave_household(caller=clerk, member_id=each, at=t0)
    with pytest.raises(UnknownHousehold):
        live(household, one)


class TestMerging:
    """The person lives on in one of the two."""

    def merged(self, clerk, kept, gone, t0):
        return services.merge(caller=clerk, kept_id=kept, gone_id=gone, reason="同一人", at=t0)

    def test_the_kept_member_moves_in(self, people, form, clerk, t0):
        kept, gone, spouse = people(3)
        household = form(gone, spouse)
        services.share_points(caller=clerk, member_id=gone, shares=True, at=t0)
        merge = self.merged(clerk, kept, gone, t0)
        assert home(kept) == (household, {kept: False, spouse: False}), "sharing is asked for again"
        assert home(gone) is None
        services.unmerge(caller=clerk, merge_id=merge, at=t0)
        assert home(kept) is None
        assert home(gone) == (household, {gone: True, spouse: False})

    def test_the_kept_member_stays_where_it_lives(self, people, form, clerk, t0):
        kept, gone, spouse, other = people(4)
        mine, theirs = form(kept, spouse), form(gone, other)
        merge = self.merged(clerk, kept, gone, t0)
        assert home(kept) == (mine, {kept: False, spouse: False})
        assert home(other) == (theirs, {other: False})
        services.unmerge(caller=clerk, merge_id=merge, at=t0)
        assert home(gone) == (theirs, {gone: False, other: False})
        assert home(kept) == (mine, {kept: False, spouse: False})

    def test_nine_do_not_fit_after_an_undo(self, people, form, live, clerk, t0):
        *ids, kept, late = people(10)
        household = form(*ids)
        merge = self.merged(clerk, kept, ids[0], t0)
        services.leave_household(caller=clerk, member_id=kept, at=t0)
        live(household, late)
        services.unmerge(caller=clerk, merge_id=merge, at=t0)
        assert home(ids[0]) is None
        assert len(selectors.household(late).people) == 8

    def test_an_erased_person_lives_nowhere(self, people, form, clerk, t0):
        one, two = people(2)
        household = form(one, two)
        services.erase_person(caller=clerk, member_id=one, reason="本人要求", at=t0)
        assert home(one) is None
        assert home(two) == (household, {two: False})

    @given(
        cut=st.integers(0, 6),
        sharing=st.sets(st.integers(0, 5)),
        pairs=st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), min_size=1, max_size=6),
    )
    @settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
    def test_any_merges_undone_in_reverse_are_as_if_never_made(
        self, cut, sharing, pairs, clerk, t0, follower
    ):
        stamp = uuid4().hex[:12]
        ids = [
            services.register(caller=clerk, at=t0, identities=[identity(f"card:{stamp}{each}")])
            for each in range(6)
        ]
        for some in (ids[:cut], ids[cut:]):
            if len(some) > 1:
                services.form_household(caller=clerk, member_ids=some, at=t0)
        for each in sharing:
            if home(ids[each]) is not None:
                services.share_points(caller=clerk, member_id=ids[each], shares=True, at=t0)
        before = {each: home(each) for each in ids}
        merges, gone = [], set()
        for kept, other in pairs:
            if kept != other and not {kept, other} & gone:
                merges.append(self.merged(clerk, ids[kept], ids[other], t0))
                gone.add(other)
        for merge in reversed(merges):
            services.unmerge(caller=clerk, merge_id=merge, at=t0)
        assert {each: home(each) for each in ids} == before


def test_the_export_says_where_but_not_with_whom(people, form, clerk, t0):
    one, two = people(2)
    household = form(one, two)
    assert _row(Member.objects.get(pk=one))["household"] == {
        "household_id": household,
        "joined_at": t0.isoformat(),
        "shares_points": False,
    }
