"""One thing done to many members: whom it reaches, what is taken back, what survives a killed worker."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from procrastinate.contrib.django.models import ProcrastinateJob

from laoke.foundation.access import SYSTEM
from laoke.foundation.audit.models import AuditEntry
from laoke.foundation.outbox.models import OutboxMessage
from laoke.members import services as members
from laoke.surfaces.console.directory import bulk, tasks
from laoke.surfaces.console.directory.models import BulkAct, BulkOutcome
from laoke.surfaces.console.notices.models import Notice
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

    def test_acts_are_forgotten_after_a_month(self, shop, people, hire):
        send(hire(), "tag", ids=[people[0].id], of="", word="x")
        tasks.purge(OPENING + timedelta(days=29))
        assert BulkAct.objects.count() == 1
        tasks.purge(OPENING + timedelta(days=31))
        assert (BulkAct.objects.count(), BulkOutcome.objects.count()) == (0, 0)
        assert len(tagged("x")) == 1
