"""One thing done to many members: whom it reaches, what is taken back, what survives a killed worker."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.http import QueryDict
from django.utils import translation
from procrastinate.contrib.django.models import ProcrastinateJob

from laoke.foundation.access import SYSTEM, Caller
from laoke.foundation.audit.models import AuditEntry
from laoke.foundation.jobs.models import TaskProgress
from laoke.foundation.jobs.services import note_failure
from laoke.foundation.outbox.models import OutboxMessage
from laoke.members import services as members
from laoke.surfaces.console.directory import bulk, counting, tasks
from laoke.surfaces.console.directory.counting import Count, Plan
from laoke.surfaces.console.directory.filters import Filter
from laoke.surfaces.console.directory.models import BulkAct, BulkOutcome
from laoke.surfaces.console.directory.page import asked
from laoke.surfaces.console.notices.kinds import KINDS
from laoke.surfaces.console.notices.models import Notice
from laoke.surfaces.console.tasks import watch
from tests.shop import OPENING

from .crowd import crowd
from .test_pages import text


@pytest.fixture
def people(shop):
    return crowd(shop, 40)


def tagged(word):
    with connection.cursor() as cursor:
        cursor.execute(
            "select member_id, source, added_at from members_membertag where tag = %s order by member_id",
            [word],
        )
        return cursor.fetchall()


def statuses():
    with connection.cursor() as cursor:
        cursor.execute("select id, status, version from members_member order by id")
        return cursor.fetchall()


def send(browser, action, once="o1", **fields):
    return browser.post("/members/bulk", {"action": action, "once": once, **fields})


class TestAtOnce:
    def test_ticked_members_are_tagged_and_the_toast_takes_back_exactly_those(self, shop, people, hire):
        had = tagged("母婴")
        ids = [person.id for person in people[:10]]
        new = [one for one in ids if one not in {row[0] for row in had}]
        assert 0 < len(new) < 10
        browser = hire()
        answer = send(browser, "tag", ids=ids, of="tier=gold", word=" 母婴 ")
        assert (answer.status_code, answer["Location"]) == (303, "/members?tier=gold")
        assert {row[0] for row in tagged("母婴")} == {row[0] for row in had} | set(ids)
        page = browser.get("/members?tier=gold").content.decode()
        assert f"{len(new)} members tagged." in page
        act = BulkAct.objects.get()
        assert f'action="/members/bulk/{act.pk}/undo"' in page
        browser.post(f"/members/bulk/{act.pk}/undo", {"back": "/members?tier=gold"})
        assert tagged("母婴") == had
        act.refresh_from_db()
        assert (act.state, act.changed, act.failed) == ("undone", len(new), 0)
        # Taking back twice changes nothing.
        assert browser.post(f"/members/bulk/{act.pk}/undo").status_code == 303
        assert tagged("母婴") == had

    def test_removing_a_tag_is_taken_back_with_source_and_date(self, shop, people, hire):
        had = tagged("咖啡")
        assert had
        browser = hire(at=OPENING + timedelta(hours=1))
        send(browser, "untag", all="1", of="", word="咖啡")
        assert tagged("咖啡") == []
        act = BulkAct.objects.get()
        assert (act.asked, act.changed, act.failed) == (len(people), len(had), 0)
        browser.later(seconds=5).post(f"/members/bulk/{act.pk}/undo")
        assert tagged("咖啡") == had

    def test_what_others_did_since_stays(self, shop, people, hire):
        browser = hire()
        ids = [person.id for person in people[:4]]
        send(browser, "tag", ids=ids, of="", word="new")
        members.untag(caller=SYSTEM, member_id=ids[0], tags=["new"], at=OPENING)
        members.untag(caller=SYSTEM, member_id=ids[1], tags=["new"], at=OPENING)
        members.tag(caller=SYSTEM, member_id=ids[1], tags=["new"], at=OPENING + timedelta(seconds=3))
        browser.post(f"/members/bulk/{BulkAct.objects.get().pk}/undo")
        assert [row[0] for row in tagged("new")] == [ids[1]]

    def test_all_of_the_filter(self, shop, people, hire):
        gold = sorted(p.id for p in people if p.tier == "gold")
        send(hire(), "tag", all="1", of="tier=gold", word="vip", ids=[people[0].id])
        assert [row[0] for row in tagged("vip")] == gold

    def test_the_double_click_acts_once(self, shop, people, hire):
        browser = hire()
        for _ in range(2):
            send(browser, "tag", ids=[people[0].id], of="", word="twice")
        assert BulkAct.objects.count() == 1
        assert OutboxMessage.objects.filter(topic="member.tagged", payload__tags=["twice"]).count() == 1

    def test_blocking_asks_first_and_is_written_down_for_each(self, shop, people, hire):
        ids = [p.id for p in people if not p.blocked][:3]
        browser = hire()
        page = text(browser.get("/members/bulk", {"action": "block", "ids": ids, "of": ""}))
        assert "3 members will neither earn nor spend points" in page
        assert "Block 3 members" in page
        before = statuses()
        answer = send(browser, "block", ids=ids, of="", reason=" ")
        assert answer.status_code == 422
        assert "Say why" in text(answer)
        assert statuses() == before
        send(browser, "block", ids=ids, of="", reason="fraud at S1")
        changed = {row[0] for row in statuses() if row not in before}
        assert changed == set(ids)
        noted = AuditEntry.objects.filter(action="member.blocked", reason="fraud at S1")
        assert sorted(int(entry.object_id) for entry in noted) == sorted(ids)
        assert AuditEntry.objects.get(action="members.bulk_block").after["members"] == 3
        act = BulkAct.objects.get()
        assert browser.post(f"/members/bulk/{act.pk}/undo").status_code == 409
        send(browser, "unblock", once="o2", ids=ids, of="", reason="it was not them")
        assert {(row[0], row[1]) for row in statuses()} == {(row[0], row[1]) for row in before}

    def test_members_out_of_sight_are_failures(self, shop, people, hire):
        mine = frozenset({shop.stores["S1"]})
        seen = [p.id for p in people if p.store in mine]
        hidden = [p.id for p in people if p.store not in mine and all(s not in mine for _, s in p.orders)]
        browser = hire("store_manager", store_ids=list(mine))
        answer = send(browser, "tag", ids=[seen[0], hidden[0], 10**15], of="", word="mine")
        act = BulkAct.objects.get()
        assert answer["Location"] == f"/members/bulk/{act.pk}"
        assert [row[0] for row in tagged("mine")] == [seen[0]]
        page = text(browser.get(answer["Location"]))
        assert f"{hidden[0]} not found among the members you may see" in page
        assert f"{10**15} not found among the members you may see" in page
        assert "Asked for 3 Changed 1 Could not be changed 2" in page

    @pytest.mark.parametrize(
        ("fields", "status", "said"),
        [
            ({"of": "", "word": "x"}, 422, "Select at least one member"),
            ({"of": "", "word": "x", "ids": ["-1", "x", "9" * 30]}, 422, "Select at least one member"),
            ({"of": "last=abc", "all": "1", "word": "x"}, 422, "Select at least one member"),
            ({"of": "points=99999999-", "all": "1", "word": "x"}, 422, "Select at least one member"),
            ({"of": "", "all": "1", "word": ""}, 422, "A tag takes 1 to 40 printable characters"),
            ({"of": "", "all": "1", "word": "x" * 10_000}, 422, "A tag takes 1 to 40 printable characters"),
            ({"of": "", "all": "1", "word": "\u202eabc"}, 422, "A tag takes 1 to 40 printable characters"),
        ],
    )
    def test_what_is_refused_leaves_nothing_behind(self, shop, people, hire, fields, status, said):
        answer = send(hire(), "tag", **fields)
        assert (answer.status_code, said in text(answer)) == (status, True)
        assert BulkAct.objects.count() == 0
        assert not OutboxMessage.objects.filter(topic="member.tagged").exists()

    @pytest.mark.parametrize("role", ["analyst", "finance", "auditor"])
    def test_roles_that_may_not_write_are_refused(self, shop, people, hire, role):
        browser = hire(role)
        assert "Add a tag" not in text(browser.get("/members"))
        assert send(browser, "tag", ids=[people[0].id], of="", word="x").status_code == 403
        assert browser.get("/members/bulk?action=tag").status_code == 403

    def test_others_acts_are_not_shown(self, shop, people, hire):
        send(hire(), "tag", ids=[people[0].id], of="", word="x")
        act = BulkAct.objects.get()
        other = hire("operations")
        assert other.get(f"/members/bulk/{act.pk}").status_code == 404
        assert other.post(f"/members/bulk/{act.pk}/undo").status_code == 404
        assert len(tagged("x")) == 1


@pytest.fixture
def few(monkeypatch):
    """As if 3 were many: in batches of 4, in the background."""
    monkeypatch.setattr(bulk, "AT_ONCE", 3)
    monkeypatch.setattr(bulk, "BATCH", 4)


class TestInTheBackground:
    def test_it_waits_for_a_worker_is_watched_and_told(self, shop, people, hire, few):
        browser = hire()
        page = text(browser.get("/members/bulk?action=tag&all=1&of=q%3D1380"))
        answer = send(browser, "tag", all="1", of="", word="many")
        act = BulkAct.objects.get()
        assert answer["Location"] == f"/members/bulk/{act.pk}"
        assert act.state == "waiting"
        assert tagged("many") == []
        assert 'hx-get="/members/bulk/' in browser.get(answer["Location"]).content.decode()
        job = ProcrastinateJob.objects.get(task_name="console.bulk")
        assert job.args["act_id"] == act.pk
        tasks.go_on_with_bulk(OPENING, act_id=act.pk)
        act.refresh_from_db()
        assert (act.state, act.changed) == ("done", len(people))
        assert [row[0] for row in tagged("many")] == sorted(p.id for p in people)
        told = Notice.objects.get()
        assert (told.kind, told.data["done"], told.path) == (
            "bulk.done",
            str(len(people)),
            f"/members/bulk/{act.pk}",
        )
        part = text(browser.get(answer["Location"], headers={"HX-Request": "true"}))
        assert f"Changed {len(people)}" in part
        assert page

    def test_a_killed_worker_is_followed_by_one_that_goes_on(self, shop, people, hire, few, monkeypatch):
        send(hire(), "tag", all="1", of="", word="many")
        act = BulkAct.objects.get()
        batches = []

        def killed(count):
            batches.append(count)
            if len(batches) == 2:
                raise SystemExit

        with pytest.raises(SystemExit):
            bulk.go_on(act.pk, killed, lambda: OPENING)
        assert len(tagged("many")) == 8
        tasks.go_on_with_bulk(OPENING, act_id=act.pk)
        act.refresh_from_db()
        assert (act.state, act.changed, act.failed) == ("done", len(people), 0)
        assert BulkOutcome.objects.count() == len(people)
        # Once more: there is nothing left to do.
        tasks.go_on_with_bulk(OPENING, act_id=act.pk)
        act.refresh_from_db()
        assert act.changed == len(people)

    def test_stopping_keeps_what_was_done_and_it_can_be_taken_back(self, shop, people, hire, few):
        browser = hire()
        had = tagged("母婴")
        send(browser, "tag", all="1", of="", word="母婴")
        act = BulkAct.objects.get()

        def stop_after_one(count):
            browser.post(f"/members/bulk/{act.pk}/stop")
            return False

        bulk.go_on(act.pk, stop_after_one, lambda: OPENING)
        act.refresh_from_db()
        assert act.state == "stopped"
        assert len(tagged("母婴")) == len(had) + act.changed < len(people)
        if act.changed > 3:
            browser.post(f"/members/bulk/{act.pk}/undo")
            tasks.go_on_with_bulk(OPENING, act_id=act.pk)
        else:
            browser.post(f"/members/bulk/{act.pk}/undo")
        assert tagged("母婴") == had

    def test_one_that_nobody_began_stops_at_once(self, shop, people, hire, few):
        browser = hire()
        send(browser, "block", all="1", of="", reason="a test")
        act = BulkAct.objects.get()
        before = statuses()
        browser.post(f"/members/bulk/{act.pk}/stop")
        tasks.go_on_with_bulk(OPENING, act_id=act.pk)
        act.refresh_from_db()
        assert act.state == "stopped"
        assert statuses() == before

    def test_the_filter_is_sealed_and_the_trail_holds_no_search_text(self, shop, people, hire, few):
        send(hire(), "tag", all="1", of="q=陈雨桐", word="x")
        act = BulkAct.objects.get()
        assert "陈雨桐".encode() not in bytes(act.query_sealed)
        assert b"%E9%99%88" not in bytes(act.query_sealed)
        assert AuditEntry.objects.get(action="members.bulk_tag").after["filter"] == ""
        assert "陈雨桐" not in str(ProcrastinateJob.objects.get(task_name="console.bulk").args)

    def test_the_store_limit_holds_in_the_background(self, shop, people, hire, few):
        mine = frozenset({shop.stores["S2"]})
        send(hire("store_manager", store_ids=list(mine)), "tag", all="1", of="", word="x")
        tasks.go_on_with_bulk(OPENING, act_id=BulkAct.objects.get().pk)
        meant = [p.id for p in people if p.store in mine or any(store in mine for _, store in p.orders)]
        assert [row[0] for row in tagged("x")] == sorted(meant)

    def test_after_a_month_only_what_was_done_to_whom_is_known(self, shop, people, hire, few):
        browser = hire()
        send(browser, "tag", ids=[people[0].id, 999_999], of="", word="x")
        send(browser, "tag", "o2", ids=[people[0].id], of="", word="x")  # it has the tag: nobody is changed
        send(browser, "tag", "o3", all="1", of="", word="y")
        bulk.go_on(BulkAct.objects.latest("pk").pk, lambda count: False, lambda: OPENING)
        tasks.purge(OPENING + timedelta(days=29))
        assert BulkAct.objects.count() == 3
        assert BulkOutcome.objects.filter(error="out-of-sight").count() == 1
        tasks.purge(OPENING + timedelta(days=31))
        assert list(BulkAct.objects.order_by("pk").values_list("word", flat=True)) == ["x", "y"]
        assert not BulkAct.objects.exclude(query_sealed=None).exists()
        assert not BulkOutcome.objects.exclude(error="").exists()
        assert len(tagged("x")) == 1
        assert "Tagged" in text(browser.get(f"/members/{people[0].id}/changes"))


def run(act, at=OPENING):
    """Let a worker take up an act."""
    tasks.go_on_with_bulk(at, act_id=act.pk)
    act.refresh_from_db()


def give_up(error=None):
    """The runs of acts end for good; with an error, as their last try said."""
    for job in list(ProcrastinateJob.objects.filter(task_name="console.bulk")):
        with connection.cursor() as cursor:
            cursor.execute("update procrastinate_jobs set status = 'doing' where id = %s", [job.pk])
            cursor.execute("update procrastinate_jobs set status = 'failed' where id = %s", [job.pk])
        if error:
            note_failure(job.pk, "console.bulk", error, OPENING)


def ended_after(monkeypatch, batches, how):
    """As many batches are worked through before `how(work)`."""
    report = tasks._reporting

    def reporting(work):
        told = report(work)
        counts = []

        def each(count):
            counts.append(count)
            ended = told(count)
            if len(counts) == batches:
                how(work)
                return work.stop_requested
            return ended

        return each

    monkeypatch.setattr(tasks, "_reporting", reporting)


def asked_to_stop(work):
    """Somebody presses Stop on the page of all jobs."""
    TaskProgress.objects.filter(pk=work._row_id).update(stop_requested=True)
    work.write()


class TestBrokenOff:
    def test_a_worker_that_ends_while_it_was_to_stop_is_followed_by_one_that_ends_it(
        self, shop, people, hire, few, monkeypatch
    ):
        browser = hire()
        send(browser, "tag", all="1", of="", word="many")
        act = BulkAct.objects.get()

        def killed(work):
            browser.post(f"/members/bulk/{act.pk}/stop")
            raise SystemExit

        with monkeypatch.context() as patch:
            ended_after(patch, 1, killed)
            with pytest.raises(SystemExit):
                run(act)
        act.refresh_from_db()
        assert act.state == "stopping"
        run(act)
        assert (act.state, act.changed, len(tagged("many"))) == ("stopped", 4, 4)
        page = text(browser.get(f"/members/bulk/{act.pk}"))
        assert "Stopped" in page
        assert "Take back for 4 members" in page
        assert [told.kind for told in Notice.objects.all()] == ["bulk.done"]

    def test_both_ways_of_stopping_at_once(self, shop, people, hire, few, monkeypatch):
        browser = hire()
        send(browser, "tag", all="1", of="", word="many")
        act = BulkAct.objects.get()

        def twice(work):
            browser.post(f"/members/bulk/{act.pk}/stop")
            asked_to_stop(work)

        ended_after(monkeypatch, 1, twice)
        run(act)
        assert (act.state, act.changed) == ("stopped", 4)

    @pytest.mark.parametrize(
        ("error", "said"),
        [
            (ValueError("no 13800000001"), "Every try ended with an error"),
            (None, "The worker was ended every time"),
        ],
    )
    def test_one_that_was_given_up_says_so(self, shop, people, hire, few, monkeypatch, error, said):
        browser = hire()
        send(browser, "tag", all="1", of="", word="many")
        act = BulkAct.objects.get()

        def broken(work):
            raise error or SystemExit

        with monkeypatch.context() as patch:
            ended_after(patch, 2, broken)
            with pytest.raises((ValueError, SystemExit)):
                run(act)
        watch(OPENING)
        act.refresh_from_db()
        assert act.state == "running"  # another try waits
        give_up(error)
        watch(OPENING + timedelta(minutes=10))
        watch(OPENING + timedelta(minutes=20))
        act.refresh_from_db()
        assert (act.state, act.changed, act.ended_at) == ("failed", 8, OPENING + timedelta(minutes=10))
        page = browser.get(f"/members/bulk/{act.pk}")
        assert "Broke off" in text(page)
        assert said in text(page)
        assert "What was changed until then stays changed." in text(page)
        assert 'hx-get="/members/bulk/' not in page.content.decode()
        assert Notice.objects.filter(kind="bulk.failed").count() == 1
        heard = text(browser.get("/notices"))
        assert f"“many” broke off after 8 members were changed. {said}" in heard
        # Tried again by hand on the page of jobs, it goes on behind the eighth.
        run(act)
        assert (act.state, act.failure, act.changed) == ("done", "", len(people))
        assert len(tagged("many")) == len(people)

    def test_what_broke_off_is_gone_on_with_from_its_own_page(self, shop, people, hire, few):
        browser = hire()
        send(browser, "tag", all="1", of="", word="many")
        act = BulkAct.objects.get()
        bulk.go_on(act.pk, lambda count: True, lambda: OPENING)
        path = f"/members/bulk/{act.pk}"
        assert "Go on" not in text(browser.get(path))  # it is under way
        give_up()
        watch(OPENING)
        act.refresh_from_db()
        done = act.changed
        assert 0 < done < len(people)
        page = browser.get(path)
        assert f'action="{path}/resume"' in page.content.decode()
        assert "Go on" in text(page)
        # Nobody else's: it is not there for them.
        assert hire("associate").post(f"{path}/resume").status_code == 404
        assert hire("analyst").post(f"{path}/resume").status_code == 403
        for _twice in range(2):
            assert browser.post(f"{path}/resume").headers["Location"] == path
        assert BulkAct.objects.get().state == "waiting"
        waiting = ProcrastinateJob.objects.filter(task_name="console.bulk", status="todo")
        assert waiting.count() == 1
        assert AuditEntry.objects.get(action="members.bulk_resumed").after == {"members": len(people) - done}
        run(act)
        assert (act.state, act.changed, act.failure) == ("done", len(people), "")
        assert browser.post(f"{path}/resume").status_code == 409

    def test_taking_back_that_broke_off_is_gone_on_with_as_taking_back(self, shop, people, hire, few):
        browser = hire()
        send(browser, "tag", all="1", of="", word="many")
        act = BulkAct.objects.get()
        run(act)
        browser.post(f"/members/bulk/{act.pk}/undo")
        bulk.go_on(act.pk, lambda count: True, lambda: OPENING)
        give_up()
        watch(OPENING)
        browser.post(f"/members/bulk/{act.pk}/resume")
        assert BulkAct.objects.get().state == "undoing"
        run(act)
        assert (act.state, tagged("many")) == ("undone", [])

    def test_after_a_month_nobody_knows_whom_it_was_for(self, shop, people, hire, few):
        browser = hire()
        send(browser, "tag", all="1", of="", word="many")
        act = BulkAct.objects.get()
        bulk.go_on(act.pk, lambda count: True, lambda: OPENING)
        give_up()
        watch(OPENING)
        tasks.purge(OPENING + timedelta(days=31))
        assert "Go on" not in text(browser.get(f"/members/bulk/{act.pk}"))
        assert browser.post(f"/members/bulk/{act.pk}/resume").status_code == 409

    def test_what_broke_off_can_be_taken_back(self, shop, people, hire, few):
        browser = hire()
        had = tagged("母婴")
        send(browser, "tag", all="1", of="", word="母婴")
        act = BulkAct.objects.get()
        bulk.go_on(act.pk, lambda count: True, lambda: OPENING)
        give_up()
        watch(OPENING)
        act.refresh_from_db()
        assert act.state == "failed"
        browser.post(f"/members/bulk/{act.pk}/undo")
        run(act)
        assert (act.state, act.undone) == ("undone", act.changed)
        assert tagged("母婴") == had

    @pytest.mark.parametrize("how", ["stopped", "given up"])
    def test_taking_back_that_did_not_end_can_be_gone_on_with(
        self, shop, people, hire, few, monkeypatch, how
    ):
        browser = hire()
        send(browser, "tag", all="1", of="", word="many")
        act = BulkAct.objects.get()
        run(act)
        browser.post(f"/members/bulk/{act.pk}/undo")
        assert BulkAct.objects.get().state == "undoing"
        with monkeypatch.context() as patch:
            if how == "stopped":
                ended_after(patch, 2, asked_to_stop)
                run(act)
            else:
                bulk.go_on(act.pk, lambda count: True, lambda: OPENING)
                bulk.go_on(act.pk, lambda count: True, lambda: OPENING)
                give_up()
                watch(OPENING)
        act.refresh_from_db()
        n = len(people)
        assert (act.state, act.undone, len(tagged("many"))) == (
            "stopped" if how == "stopped" else "failed",
            8,
            n - 8,
        )
        page = text(browser.get(f"/members/bulk/{act.pk}"))
        assert f"Take back for {n - 8} members" in page
        assert "Taken back 8" in page
        if how == "stopped":
            heard = text(browser.get("/notices"))
            assert f"Taking back “many” was stopped; {n - 8} members are left." in heard
        # However late: it was begun in time.
        bulk.undo(bulk._actor_of(act), act.pk, OPENING + timedelta(days=3), lambda one, at: None)
        run(act, OPENING + timedelta(days=3))
        assert (act.state, act.undone, tagged("many")) == ("undone", n, [])
        assert browser.post(f"/members/bulk/{act.pk}/undo").status_code == 303  # nothing is left to do

    def test_the_notice_is_in_the_words_of_the_reader(self, shop, people, hire, few):
        ids = [p.id for p in people]
        members.block_many(caller=SYSTEM, member_ids=ids, reason="a test", at=OPENING)
        browser = hire(language="zh-hans")
        send(browser, "unblock", all="1", of="", reason="it was a test")
        run(BulkAct.objects.get())
        n = len(people)
        assert f"“恢复会员”：已更改 {n} 位会员，0 位未改。" in text(browser.get("/notices"))
        told = Notice.objects.get().data
        assert (told["kind"], told["word"]) == ("unblock", "")

    def test_a_notice_of_an_earlier_version_still_reads(self):
        told = {"name": "vip", "done": "3", "failed": "0"}
        with translation.override("en"):
            assert KINDS["bulk.done"].say(told) == "“vip”: 3 members changed, 0 not."


class TestCount:
    def test_the_dialog_is_exact_below_a_hundred_thousand(self, shop, people, hire, monkeypatch):
        monkeypatch.setattr(counting, "_CHEAP", -1)
        page = text(hire().get("/members/bulk?action=block&all=1&of="))
        assert f"Block {len(people)} members" in page

    @pytest.mark.parametrize(
        ("language", "said"),
        [
            (
                "en",
                ["All members: about 123,000", "Block about 123,000 members", "About 123,000 members will"],
            ),
            ("zh-hans", ["全部会员 约 123,000 位", "停用约 123,000 位会员", "约有 123,000 位会员"]),
        ],
    )
    def test_above_it_says_about(self, shop, people, hire, monkeypatch, language, said):
        monkeypatch.setattr(counting, "_CHEAP", -1)
        monkeypatch.setattr(counting, "planned", lambda found: Plan(123_456, 10**9))

        def never(*args):
            raise AssertionError("it counts")

        monkeypatch.setattr(counting, "exactly", never)
        page = text(hire(language=language).get("/members/bulk?action=block&all=1&of="))
        for each in said:
            assert each in page

    def test_what_the_list_found_is_used(self, shop, people, hire, monkeypatch):
        monkeypatch.setattr(counting, "_CHEAP", -1)
        browser = hire()
        scene = asked(
            Caller("staff", 0, "", frozenset({"members:read"})), QueryDict(""), OPENING
        ).setting.scene
        counting.keep(counting.key_of(Filter(), scene), Count(234_000, exact=False), OPENING)
        page = text(browser.get("/members/bulk?action=unblock&all=1&of="))
        assert "Lift the block of about 234,000 members" in page
        assert "This is done in the background." in page


def changes(browser, member_id):
    """The rows of a member's changes: who, what, which."""
    body = browser.get(f"/members/{member_id}/changes").content.decode()
    return re.findall(
        r"<tr><td class=\"num\">(.*?)</td><td>(.*?)</td><th scope=\"row\">.*?</i> (.*?)</th><td>(.*?)</td>",
        body,
    )


class TestOnTheMember:
    """What was done to many stands on the pages of each of them, without a row of the audit trail for each."""

    def test_tags_put_on_taken_off_and_taken_back(self, shop, people, hire):
        one, other = people[0].id, people[1].id
        browser = hire()
        before = len(changes(browser, one))
        count = AuditEntry.objects.count()
        send(browser, "tag", ids=[one, other], of="", word="春茶")
        tagging = BulkAct.objects.get()
        browser = browser.later(seconds=60)
        send(browser, "untag", "o2", ids=[one], of="", word="春茶")
        untagging = BulkAct.objects.latest("pk")
        browser = browser.later(seconds=60)
        browser.post(f"/members/bulk/{untagging.pk}/undo")
        assert changes(browser, one)[:3] == [
            ("2026-03-10 12:02", "owner-1", "Tag put back", f"春茶 · bulk action {untagging.pk}, 1 member"),
            ("2026-03-10 12:01", "owner-1", "Tag removed", f"春茶 · bulk action {untagging.pk}, 1 member"),
            ("2026-03-10 12:00", "owner-1", "Tagged", f"春茶 · bulk action {tagging.pk}, 2 members"),
        ]
        assert len(changes(browser, one)) == before + 3
        assert len(changes(browser, other)) == 1 + len(changes(browser, people[2].id))
        # One row for each act, none for each member.
        assert AuditEntry.objects.count() == count + 3
        # The number on the tab is that of the rows.
        assert (
            f'Changes <span class="n">{before + 3}</span>' in browser.get(f"/members/{one}").content.decode()
        )
        staff = text(browser.get(f"/members/{one}?show=changes"))
        assert f"Tag put back 春茶 · bulk action {untagging.pk}, 1 member" in staff
        part = browser.get(f"/members/{one}/timeline?show=points", headers={"HX-Request": "true"})
        assert part.status_code == 200
        assert "bulk action" not in part.content.decode()

    def test_of_a_block_it_says_which_act(self, shop, people, hire):
        browser = hire()
        send(browser, "block", ids=[people[0].id, people[1].id], of="", reason="刷单")
        act = BulkAct.objects.get()
        newest = changes(browser, people[0].id)[0]
        assert newest[1:] == ("owner-1", "Blocked", f"Blocked · bulk action {act.pk}, 2 members")
        browser.later(seconds=60).post(f"/members/{people[0].id}/unblock", {"reason": "查清了"})
        assert "bulk action" not in changes(browser, people[0].id)[0][3]

    def test_who_could_not_be_changed_has_no_line(self, shop, people, hire):
        browser = hire()
        send(browser, "tag", ids=[people[0].id], of="", word="x")
        BulkOutcome.objects.update(error="member-merged")
        assert "bulk action" not in browser.get(f"/members/{people[0].id}/changes").content.decode()

    def test_pages_of_changes_hold_each_once(self, shop, people, hire, monkeypatch):
        monkeypatch.setattr("laoke.surfaces.console.selectors.member.changes.PAGE", 2)
        browser = hire()
        for n in range(5):
            send(browser, "tag", f"o{n}", ids=[people[0].id], of="", word=f"tag {n}")
        seen, path = [], f"/members/{people[0].id}/changes"
        while path:
            body = browser.get(path).content.decode()
            seen += re.findall(r"tag \d", body)
            found = re.search(r'href="changes(\?after=[^"]+)"', body)
            path = f"/members/{people[0].id}/changes{found[1]}" if found else ""
        assert seen == [f"tag {n}" for n in reversed(range(5))]
