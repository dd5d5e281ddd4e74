"""Real threads on real connections: of two who want the same, one wins and the other learns who."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection, transaction

from laoke.foundation.audit.models import AuditEntry
from laoke.kernel.errors import LaokeError
from laoke.members import selectors, services
from laoke.members.models import Identity, Member, Merge
from laoke.members.tests.spelling import identity
from laoke.members.types import Registration

pytestmark = pytest.mark.usefixtures("committed")


def at_once(*calls):
    """Run the calls at the same moment, each on its own connection; answers or refusals in their order."""
    barrier = threading.Barrier(len(calls))

    def run(call):
        try:
            connection.ensure_connection()
            barrier.wait(timeout=10)
            return call()
        except LaokeError as error:
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(len(calls)) as pool:
        return [future.result(timeout=30) for future in [pool.submit(run, call) for call in calls]]


def test_one_phone_registered_by_many_at_once(clerk, t0, follower):
    def register(number):
        return services.register(
            caller=clerk, at=t0, identities=[identity(f"card:100{number}"), identity("phone:13800136217")]
        )

    for _ in range(3):
        answers = at_once(*(lambda number=number: register(number) for number in range(6)))
        winners = [answer for answer in answers if isinstance(answer, int)]
        losers = [answer for answer in answers if isinstance(answer, LaokeError)]
        assert len(winners) <= 1
        owner = selectors.find("phone", "13800136217")
        assert {error.code for error in losers} == {"identity-taken"}
        assert {error.extensions["member_id"] for error in losers} == {owner}
        # Nothing of the losers is left: one member, its card and its phone.
        assert (Member.objects.count(), Identity.objects.count()) == (1, 2)


def test_a_registration_waits_for_one_that_is_not_committed_yet(clerk, t0, follower):
    """The certain race: the second starts while the first holds the phone in an open transaction."""
    taken, go_on = threading.Event(), threading.Event()

    def first(finish):
        try:
            with transaction.atomic():
                member_id = services.register(caller=clerk, at=t0, identities=[identity("phone:13800136217")])
                taken.set()
                go_on.wait(timeout=10)
                if not finish:
                    transaction.set_rollback(True)
            return member_id
        finally:
            connection.close()

    def second():
        try:
            return services.register(caller=clerk, at=t0, identities=[identity("phone:13800136217")])
        except LaokeError as error:
            return error
        finally:
            connection.close()

    for finish in (False, True):
        taken.clear()
        go_on.clear()
        Identity.objects.all().delete()
        with ThreadPoolExecutor(2) as pool:
            one = pool.submit(first, finish)
            assert taken.wait(timeout=10)
            two = pool.submit(second)
            assert not two.done()
            go_on.set()
            member_id, other = one.result(timeout=10), two.result(timeout=10)
        if finish:
            assert (other.code, other.extensions["member_id"]) == ("identity-taken", member_id)
        else:
            assert selectors.find("phone", "13800136217") == other


def test_two_files_that_share_members(clerk, t0, follower):
    rows = [
        Registration(t0, (identity(f"card:c{number:04}"), identity(f"phone:1380013{number:04}")))
        for number in range(400)
    ]
    one, two = at_once(
        lambda: services.register_many(caller=clerk, at=t0, rows=rows[:300]),
        lambda: services.register_many(caller=clerk, at=t0, rows=rows[:99:-1]),
    )
    assert len(one.member_ids) + len(two.member_ids) == 400
    assert {error.code for _, error in one.refusals + two.refusals} == {"identity-taken"}
    assert (Member.objects.count(), Identity.objects.count()) == (400, 800)


def test_two_members_merged_into_each_other_at_once(clerk, t0, follower):
    a, b = (
        services.register(caller=clerk, at=t0, identities=[identity(f"card:{card}")])
        for card in ("1001", "2002")
    )

    def merge(kept, gone):
        return services.merge(caller=clerk, kept_id=kept, gone_id=gone, reason="same person", at=t0)

    answers = at_once(lambda: merge(a, b), lambda: merge(b, a))
    assert sorted(type(answer).__name__ for answer in answers) == ["MemberMerged", "int"]
    made = Merge.objects.get()
    assert selectors.find("card", "1001") == selectors.find("card", "2002") == made.kept_id


def test_a_merge_undone_twice_at_once_is_undone_once(clerk, t0, follower):
    a, b = (
        services.register(caller=clerk, at=t0, identities=[identity(f"card:{card}")])
        for card in ("1001", "2002")
    )
    merge_id = services.merge(caller=clerk, kept_id=a, gone_id=b, reason="same person", at=t0)
    later = t0 + timedelta(days=1)

    def undo():
        return services.unmerge(caller=clerk, merge_id=merge_id, at=later)

    assert sorted(at_once(undo, undo, undo)) == [False, False, True]
    assert [call[0] for call in follower.calls].count("unmerge") == 1


def test_of_two_edits_of_one_version_one_is_refused(clerk, t0, follower):
    member_id = services.register(caller=clerk, at=t0, identities=[identity("card:1001")])

    def edit(name):
        return services.update(
            caller=clerk, member_id=member_id, changes={"name": name}, expected_version=1, at=t0
        )

    answers = at_once(lambda: edit("王伟"), lambda: edit("李雷"))
    assert [answer.code for answer in answers if answer != 2] == ["member-changed"]
    assert selectors.profile(member_id).version == 2


def test_a_look_cannot_hide_in_a_larger_transaction(clerk, t0, follower):
    """What is rolled back leaves no trace, so a look at personal data has to be a transaction of its own."""
    member_id = services.register(caller=clerk, at=t0, identities=[identity("card:1001")], name="王伟")
    for look in (
        lambda: selectors.reveal(caller=clerk, member_id=member_id, field="name", reason="why", at=t0),
        lambda: services.export_person(caller=clerk, member_id=member_id, at=t0),
    ):
        with pytest.raises(RuntimeError, match="durable"), transaction.atomic():
            look()
        look()
    assert AuditEntry.objects.count() == 2


def test_the_last_place_in_a_household_goes_to_one(clerk, t0, follower):
    ids = [
        services.register(caller=clerk, at=t0, identities=[identity(f"card:770{each}")]) for each in range(9)
    ]
    household = services.form_household(caller=clerk, member_ids=ids[:7], at=t0)
    answers = at_once(
        *(
            lambda member=member: services.join_household(
                caller=clerk, household_id=household, member_id=member, at=t0
            )
            for member in ids[7:]
        )
    )
    assert sorted(getattr(each, "code", each) for each in answers if each is not True) == ["household-full"]
    assert len(selectors.household(ids[0]).people) == 8


def test_one_who_is_wanted_in_two_households_lives_in_one(clerk, t0, follower):
    ids = [
        services.register(caller=clerk, at=t0, identities=[identity(f"card:880{each}")]) for each in range(3)
    ]
    for _ in range(5):
        answers = at_once(
            *(
                lambda pair=pair: services.form_household(caller=clerk, member_ids=pair, at=t0)
                for pair in ((ids[0], ids[1]), (ids[1], ids[2]))
            )
        )
        assert [getattr(each, "code", "formed") for each in answers].count("formed") == 1
        assert "household-taken" in [getattr(each, "code", None) for each in answers]
        for each in ids:
            services.leave_household(caller=clerk, member_id=each, at=t0)
