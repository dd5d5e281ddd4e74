"""Merging and undoing: everything follows, everything comes back."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from importlib import import_module

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg.errors import DeadlockDetected

from laoke.foundation.audit.models import AuditEntry
from laoke.foundation.outbox.models import OutboxMessage
from laoke.members import selectors, services
from laoke.members.errors import (
    BlockedUnlike,
    LaterMergeFirst,
    MemberErased,
    MemberMerged,
    MergeWithSelf,
    ReasonMissing,
    UndoTooLate,
    UnknownMember,
    UnknownMerge,
)
from laoke.members.models import Identity, Merge
from laoke.members.tests.spelling import identity
from laoke.members.types import ConsentInput

pytestmark = pytest.mark.django_db


@pytest.fixture
def merge(clerk, t0):
    def one(kept, gone, at=t0 + timedelta(days=1)):
        return services.merge(caller=clerk, kept_id=kept, gone_id=gone, reason="同一人", at=at)

    return one


@pytest.fixture
def unmerge(clerk, t0):
    def one(merge_id, at=t0 + timedelta(days=2)):
        return services.unmerge(caller=clerk, merge_id=merge_id, at=at)

    return one


def standing(member_id):
    """What must be the same after merging and undoing: everything but version and last change."""
    shown = selectors.profile(member_id)
    return (
        shown.status,
        shown.merged_into,
        shown.name_masked,
        shown.birthday,
        shown.gender,
        shown.language,
        shown.home_store_id,
        shown.registered_at,
        shown.identities,
        shown.tags,
        {(c.channel, c.purpose) for c in shown.consents if c.granted},
    )


def test_everything_follows(join, merge, follower, t0):
    kept = join("card:1001", name="王伟", tags=["老客"], home_store_id=1)
    gone = join(
        "card:2002",
        "phone:13800136217",
        name="王大伟",
        gender="m",
        birth_date=date(1990, 5, 4),
        tags=["老客", "母婴"],
        home_store_id=2,
        at=t0 + timedelta(hours=1),
    )
    follower.things = {kept: 3, gone: 4}
    merge_id = merge(kept, gone)
    shown = selectors.profile(kept)
    assert [view.masked for view in shown.identities] == ["****", "****", "138 **** 6217"]
    assert selectors.find("card", "2002") == kept
    assert selectors.find("phone", "13800136217") == kept
    assert {tag.tag for tag in shown.tags} == {"老客", "母婴"}
    # Gaps are filled, nothing is overwritten.
    assert (shown.name_masked, shown.gender, shown.birthday, shown.home_store_id) == ("王*", "m", (5, 4), 1)
    left = selectors.profile(gone)
    assert (left.status, left.merged_into, left.identities, left.tags) == ("merged", kept, (), ())
    assert follower.things == {kept: 7}
    assert follower.calls[-1] == ("merge", kept, gone, t0 + timedelta(days=1))
    made = Merge.objects.get()
    assert (made.pk, made.by, made.reason) == (merge_id, "林晓雯", "同一人")
    assert made.undo_until == t0 + timedelta(days=31)
    assert made.moved["followers"] == {"recorder": {"things": 4}}
    assert made.moved["filled"] == ["birth_date", "gender"]
    for secret in ("13800136217", "2002", "王", "1990"):
        assert secret not in str(made.moved | {"tags": [], "identities": []})
    entry = AuditEntry.objects.get(action="member.merged")
    assert (entry.object_id, entry.after, entry.reason) == (
        str(kept),
        {"gone_id": gone, "merge_id": merge_id},
        "同一人",
    )
    message = OutboxMessage.objects.get(topic="member.merged")
    assert message.payload == {"member_id": kept, "gone_id": gone, "merge_id": merge_id}


def shown_phone(member_id):
    """As every door shows it: the profile, the lists, and in clear."""
    (row,) = (row for row in selectors.search("").rows if row.id == member_id)
    first = next(each.masked for each in selectors.profile(member_id).identities if each.kind == "phone")
    assert row.phones_masked[0] == first
    return first


def test_the_phone_of_the_kept_member_stays_the_one_shown(join, merge, unmerge, clerk, t0):
    kept = join("phone:13800136217", "card:1001")
    gone = join("phone:13900135678", "card:2002", at=t0 + timedelta(hours=1))
    other = join("phone:13700130000", "card:3003", at=t0 + timedelta(hours=2))
    first = merge(kept, gone)
    assert shown_phone(kept) == "138 **** 6217"
    assert selectors.reveal(caller=clerk, member_id=kept, field="phone", reason="回电", at=t0) == (
        "+8613800136217",
        "+8613900135678",
    )
    # As often as it is carried over, the kept member's own comes first.
    second = merge(other, kept)
    assert shown_phone(other) == "137 **** 0000"
    phones = [each.masked for each in selectors.profile(other).identities if each.kind == "phone"]
    assert phones == ["137 **** 0000", "138 **** 6217", "139 **** 5678"]
    unmerge(second)
    assert (shown_phone(kept), shown_phone(other)) == ("138 **** 6217", "137 **** 0000")
    # A number that is given to the member itself is its own, and newer.
    services.add_identity(
        caller=clerk, member_id=kept, identity=identity("phone:13600131111"), at=t0 + timedelta(days=2)
    )
    assert shown_phone(kept) == "136 **** 1111"
    unmerge(first)
    assert (shown_phone(kept), shown_phone(gone)) == ("136 **** 1111", "139 **** 5678")
    assert set(Identity.objects.values_list("carried", flat=True)) == {0}


def test_what_the_kept_member_lacks_is_shown_from_the_other(join, merge, unmerge):
    kept, gone = join("card:1001"), join("phone:13900135678")
    merge_id = merge(kept, gone)
    assert shown_phone(kept) == "139 **** 5678"
    unmerge(merge_id)
    assert [each.kind for each in selectors.profile(kept).identities] == ["card"]


def test_merges_made_before_are_told_apart_by_the_migration(join, merge, t0):
    kept, gone, other = (join(f"card:{n}001") for n in range(1, 4))
    merge(kept, gone)
    merge(other, kept)
    as_it_is = dict(Identity.objects.values_list("pk", "carried"))
    assert sorted(as_it_is.values()) == [0, 1, 2]
    Identity.objects.update(carried=0)
    migration = import_module("laoke.members.migrations.0003_own_identities_first")
    with connection.cursor() as cursor:
        cursor.execute(migration._COUNT)
    assert dict(Identity.objects.values_list("pk", "carried")) == as_it_is


CONSENTS = """
    # kept said   gone said   holds after merge   after undoing
    -             yes 1       yes                 no
    -             no 1        no                  no
    yes 1         -           yes                 yes
    yes 1         no 2        no                  yes
    no 1          yes 2       yes                 no
    yes 2         no 1        yes                 yes
    no 2          yes 1       no                  no
    yes 1         no 1        yes                 yes
"""


@pytest.mark.parametrize("line", CONSENTS.strip().splitlines()[1:])
def test_the_newest_consent_wins(join, merge, unmerge, t0, line):
    kept_said, gone_said, merged, undone = (part.strip() for part in line.strip().split("  ") if part.strip())

    def said(text):
        if text == "-":
            return []
        answer, hours = text.split()
        at = t0 + timedelta(hours=int(hours))
        return [ConsentInput("sms", "marketing", answer == "yes", "pos", at)]

    kept = join("card:1001", consents=said(kept_said))
    gone = join("card:2002", consents=said(gone_said))
    merge_id = merge(kept, gone)
    assert selectors.has_consent(kept, "sms", "marketing") == (merged == "yes")
    unmerge(merge_id)
    assert selectors.has_consent(kept, "sms", "marketing") == (undone == "yes")
    assert selectors.has_consent(gone, "sms", "marketing") == gone_said.startswith("yes")


def test_an_answer_given_after_the_merge_outlives_its_undoing(join, merge, unmerge, clerk, t0):
    kept = join("card:1001")
    gone = join("card:2002", consents=[ConsentInput("sms", "marketing", False, "pos")])
    merge_id = merge(kept, gone)
    services.record_consent(
        caller=clerk,
        member_id=kept,
        channel="sms",
        purpose="marketing",
        granted=True,
        at=t0 + timedelta(days=1, hours=1),
        source="pos",
    )
    unmerge(merge_id)
    assert selectors.has_consent(kept, "sms", "marketing") is True


def test_undoing_gives_back_and_leaves_what_came_later(join, merge, unmerge, clerk, follower, t0):
    kept = join("card:1001", tags=["老客"])
    gone = join("card:2002", "phone:13800136217", name="王大伟", gender="m", tags=["老客", "母婴"])
    follower.things = {kept: 3, gone: 4}
    before = standing(gone)
    merge_id = merge(kept, gone)
    later = t0 + timedelta(days=1, hours=1)
    services.add_identity(caller=clerk, member_id=kept, identity=identity("card:3003"), at=later)
    services.update(caller=clerk, member_id=kept, changes={"gender": "f"}, expected_version=2, at=later)
    services.untag(caller=clerk, member_id=kept, tags=["母婴", "老客"], at=later)
    services.tag(caller=clerk, member_id=kept, tags=["母婴"], at=later)
    assert unmerge(merge_id) is True
    assert standing(gone) == before
    shown = selectors.profile(kept)
    assert {view.masked for view in shown.identities} == {"****"}
    assert selectors.find("card", "3003") == selectors.find("card", "1001") == kept
    # The name came with the merge and went; the gender and the tag were given since and stay.
    assert (shown.name_masked, shown.gender) == ("", "f")
    assert [(tag.tag, tag.added_at) for tag in shown.tags] == [("母婴", later)]
    assert follower.things == {kept: 3, gone: 4}
    assert follower.calls[-1] == ("unmerge", kept, gone, {"things": 4}, t0 + timedelta(days=2))
    assert OutboxMessage.objects.filter(topic="member.unmerged").count() == 1
    assert AuditEntry.objects.get(action="member.unmerged").after == {"gone_id": gone, "merge_id": merge_id}


def test_repeats_answer_as_before(join, merge, unmerge, everything):
    kept, gone = join("card:1001"), join("card:2002")
    merge_id = merge(kept, gone)
    before = everything()
    assert merge(kept, gone) == merge_id
    assert everything() == before
    assert unmerge(merge_id) is True
    before = everything()
    assert unmerge(merge_id) is False
    assert everything() == before
    # Undone is undone: merging the two again is a new merge.
    assert merge(kept, gone) > merge_id


def test_chains_come_undone_in_reverse(join, merge, unmerge, follower, everything):
    a, b, c = join("card:1001", name="甲乙丙"), join("card:2002"), join("card:3003", gender="f")
    follower.things = {a: 1, b: 2, c: 4}
    at_first = standing(a), standing(b), standing(c)
    first = merge(b, a)
    in_between = standing(a), standing(b), standing(c)
    second = merge(c, b)
    assert selectors.kept_id(a) == selectors.kept_id(b) == selectors.find("card", "1001") == c
    assert selectors.profile(c).name_masked == "甲*丙"
    assert follower.things == {c: 7}
    before = everything()
    with pytest.raises(LaterMergeFirst) as refused:
        unmerge(first)
    assert refused.value.extensions == {"merge_id": first, "later_merge_id": second}
    with pytest.raises(MemberMerged) as refused_merge:
        merge(a, c)
    assert refused_merge.value.extensions == {"member_id": a, "kept_id": c}
    assert everything() == before
    unmerge(second)
    assert (standing(a), standing(b), standing(c)) == in_between
    unmerge(first)
    assert (standing(a), standing(b), standing(c)) == at_first
    assert follower.things == {a: 1, b: 2, c: 4}


def test_two_into_one_come_undone_in_reverse(join, merge, unmerge):
    a, b, c = join("card:1001"), join("card:2002"), join("card:3003")
    first, second = merge(a, b), merge(a, c)
    with pytest.raises(LaterMergeFirst):
        unmerge(first)
    assert unmerge(second)
    assert unmerge(first)


def test_refused_merges_leave_nothing(join, merge, clerk, t0, everything):
    a, b, blocked, erased = (join(f"card:{n}001") for n in range(1, 5))
    services.block(caller=clerk, member_id=blocked, reason="刷单", at=t0)
    services.erase_person(caller=clerk, member_id=erased, reason="asked to", at=t0)
    before = everything()
    for kept, gone, error in (
        (a, a, MergeWithSelf),
        (a, 10**9, UnknownMember),
        (a, blocked, BlockedUnlike),
        (blocked, a, BlockedUnlike),
        (a, erased, MemberErased),
        (erased, a, MemberErased),
    ):
        with pytest.raises(error):
            merge(kept, gone)
    with pytest.raises(ReasonMissing):
        services.merge(caller=clerk, kept_id=a, gone_id=b, reason="", at=t0)
    assert everything() == before


def test_refused_undoings_leave_nothing(join, merge, unmerge, t0, everything):
    kept, gone = join("card:1001"), join("card:2002")
    merge_id = merge(kept, gone, at=t0)
    before = everything()
    with pytest.raises(UndoTooLate):
        unmerge(merge_id, at=t0 + timedelta(days=30, seconds=1))
    with pytest.raises(UnknownMerge):
        unmerge(merge_id + 1)
    assert everything() == before
    assert unmerge(merge_id, at=t0 + timedelta(days=30)) is True


def test_a_follower_that_fails_stops_the_merge(join, merge, unmerge, follower, everything):
    kept, gone = join("card:1001"), join("card:2002", name="王伟", tags=["新"])
    before = everything()
    follower.fails = True
    with pytest.raises(RuntimeError):
        merge(kept, gone)
    assert everything() == before
    follower.fails = False
    merge_id = merge(kept, gone)
    before = everything()
    follower.fails = True
    with pytest.raises(RuntimeError):
        unmerge(merge_id)
    assert everything() == before


def test_two_blocked_members_stay_blocked(join, merge, unmerge, clerk, t0):
    kept, gone = join("card:1001"), join("card:2002")
    for member_id in (kept, gone):
        services.block(caller=clerk, member_id=member_id, reason="刷单", at=t0)
    merge_id = merge(kept, gone)
    unmerge(merge_id)
    assert selectors.profile(gone).status == "blocked"


people = st.fixed_dictionaries(
    {
        "name": st.sampled_from(["", "陈雨桐", "John Smith"]),
        "gender": st.sampled_from(["", "m", "f"]),
        "birth_date": st.sampled_from([None, date(1990, 5, 4)]),
        "language": st.sampled_from(["", "en"]),
        "home_store_id": st.sampled_from([None, 1, 2]),
        "tags": st.lists(st.sampled_from(["甲", "乙", "丙"]), unique=True),
        "consents": st.lists(
            st.builds(
                ConsentInput,
                st.sampled_from(["sms", "email"]),
                st.just("marketing"),
                st.booleans(),
                st.just("pos"),
                st.integers(0, 5).map(lambda day: datetime(2026, 1, 1 + day, tzinfo=UTC)),
            ),
            max_size=4,
        ),
        "cards": st.integers(1, 3),
    }
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(people, min_size=2, max_size=4), st.data())
def test_any_merges_undone_in_reverse_are_as_if_never_made(join, merge, unmerge, follower, people, data):
    with transaction.atomic():
        alive = []
        for index, person in enumerate(people):
            person = dict(person)
            cards = [f"card:{index}-{card}-card" for card in range(person.pop("cards"))]
            alive.append(join(*cards, **person))
        everybody = list(alive)
        follower.things = {member_id: 2**index for index, member_id in enumerate(everybody)}
        at_first = [standing(member_id) for member_id in everybody]
        made = []
        while len(alive) > 1 and (not made or data.draw(st.booleans())):
            kept, gone = data.draw(st.permutations(alive))[:2]
            made.append(merge(kept, gone))
            alive.remove(gone)
            assert sum(follower.things.values()) == 2 ** len(everybody) - 1
        for merge_id in reversed(made):
            unmerge(merge_id)
        assert [standing(member_id) for member_id in everybody] == at_first
        assert follower.things == {member_id: 2**index for index, member_id in enumerate(everybody)}
        transaction.set_rollback(True)


@pytest.mark.django_db(transaction=True)
def test_a_merge_and_an_undo_that_are_broken_off_are_run_once_more(join, merge, unmerge, monkeypatch):
    kept, gone = join("card:88001111"), join("card:88002222")
    for module, name, act in (
        ("merging", "_merge", lambda: merge(kept, gone)),
        ("unmerging", "_unmerge", lambda: unmerge(Merge.objects.get().pk)),
    ):
        run, calls = getattr(import_module(f"laoke.members.services.{module}"), name), []

        def broken_off_once(*given, run=run, calls=calls):
            calls.append(given)
            if len(calls) == 1:
                raise DeadlockDetected("the other one goes first")
            return run(*given)

        monkeypatch.setattr(f"laoke.members.services.{module}.{name}", broken_off_once)
        act()
        assert len(calls) == 2
    assert selectors.profile(gone).status == "active"
