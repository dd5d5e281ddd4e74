"""Issuing: to one by hand, with limits, to many, begun again; what is written is sealed."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection

from laoke.benefits.coupons import batches, codes, issuing, rotation, selectors, templates, wallet
from laoke.benefits.coupons.errors import (
    BadTemplate,
    BatchMoved,
    CannotIssue,
    CannotRevoke,
    CannotTransfer,
    UnknownCoupon,
    UnknownTemplate,
)
from laoke.benefits.models import Coupon
from laoke.foundation import paging
from laoke.foundation.access import SYSTEM, Caller, MissingScope, OutsideStores, Scope
from laoke.kernel.errors import LaokeError
from laoke.members import services as members
from laoke.members.errors import UnknownMember
from tests.coupon_shop import publish_templates as publish
from tests.coupon_shop import template
from tests.shop import OPENING, broken

AT = OPENING


def nobody(_: int) -> None:
    """No worker."""


def states(member_id: int, at: datetime = AT) -> list[tuple[str, str]]:
    page, _ = selectors.wallet(member_id, at)
    return [(each.template, each.state) for each in page]


def run_whole(batch_id: int) -> Any:
    return batches.run(batch_id, lambda: AT, lambda _: True)


def test_a_coupon_given_by_hand_is_in_the_wallet_and_its_code_is_sealed(shop):
    publish(ten=template())
    member = shop.member()
    made = issuing.give(SYSTEM, member, "ten", 2, reason="赔礼", at=AT)
    assert [(each.valid_from, each.valid_until) for each in made] == [
        (AT, datetime.fromisoformat("2026-03-18T00:00:00+08:00"))
    ] * 2
    page, more = selectors.wallet(member, AT)
    assert [each.coupon_id for each in page] == [each.coupon_id for each in reversed(made)]
    assert more is None
    assert [each.state for each in page] == ["usable", "usable"]
    assert page[1].code == codes.masked(made[0].code)
    assert selectors.with_code(codes.grouped(made[0].code).lower(), AT).coupon_id == made[0].coupon_id
    assert selectors.revealed(SYSTEM, page) == [codes.grouped(each.code) for each in reversed(made)]
    with connection.cursor() as cursor:
        cursor.execute("select t::text from benefits_coupon t")
        stored = " ".join(row[0] for row in cursor.fetchall())
    assert made[0].code not in stored
    assert made[0].code.encode().hex() not in stored
    assert broken() == {}


def test_states_follow_the_clock(shop):
    publish(ten=template(valid={"days": 1, "starts": "next_day"}))
    member = shop.member()
    issuing.give(SYSTEM, member, "ten", at=AT)
    midnight = datetime.fromisoformat("2026-03-11T00:00:00+08:00")
    second = timedelta(microseconds=1)
    for at, state in [
        (AT, "upcoming"),
        (midnight - second, "upcoming"),
        (midnight, "usable"),
        (midnight + timedelta(days=1) - second, "usable"),
        (midnight + timedelta(days=1), "expired"),
    ]:
        assert states(member, at) == [("ten", state)]
        for asked in selectors.STATES:
            assert len(selectors.wallet(member, at, state=asked)[0]) == (asked == state)


def test_who_may_issue_what_to_whom(shop):
    publish(
        ten=template(),
        all=template(kind="shared"),
        shut=template(closed=True),
        over=template(valid={"from": "2026-01-01", "until": "2026-03-09"}),
    )
    member = shop.member()
    reader = Caller("apikey", 1, "reader", frozenset({Scope.COUPONS_READ}))
    with pytest.raises(MissingScope):
        issuing.give(reader, member, "ten", at=AT)
    for key, reason in [("all", "shared"), ("shut", "template_closed"), ("over", "template_over")]:
        with pytest.raises(CannotIssue) as refused:
            issuing.give(SYSTEM, member, key, at=AT)
        assert refused.value.reason == reason
    with pytest.raises(UnknownTemplate):
        issuing.give(SYSTEM, member, "gone", at=AT)
    with pytest.raises(UnknownMember):
        issuing.give(SYSTEM, 10**9, "ten", at=AT)
    members.block_many(caller=SYSTEM, member_ids=[member], reason="盗刷", at=AT)
    with pytest.raises(CannotIssue) as refused:
        issuing.give(SYSTEM, member, "ten", at=AT)
    assert refused.value.reason == "member_not_active"
    assert Coupon.objects.count() == 0


def test_limits_count_what_is_out(shop):
    publish(ten=template(limits={"per_member": 2, "in_total": 3}))
    one, two = shop.member(), shop.member()
    (first, _) = issuing.give(SYSTEM, one, "ten", 2, at=AT)
    with pytest.raises(CannotIssue) as refused:
        issuing.give(SYSTEM, one, "ten", at=AT)
    assert refused.value.reason == "member_limit"
    with pytest.raises(CannotIssue) as refused:
        issuing.give(SYSTEM, two, "ten", 2, at=AT)
    assert refused.value.reason == "total_limit"
    issuing.give(SYSTEM, two, "ten", at=AT)
    assert broken() == {}
    assert wallet.revoke(SYSTEM, first.coupon_id, reason="发错了", at=AT)
    assert not wallet.revoke(SYSTEM, first.coupon_id, reason="发错了", at=AT)
    issuing.give(SYSTEM, one, "ten", at=AT)
    assert states(one) == [("ten", "usable"), ("ten", "usable"), ("ten", "revoked")]
    assert broken() == {}


def test_a_limit_that_comes_later_counts_what_is_there(shop):
    publish(ten=template())
    one, two = shop.member(), shop.member()
    issuing.give(SYSTEM, one, "ten", 3, at=AT)
    publish(ten=template(limits={"per_member": 3, "in_total": 4}))
    assert broken() == {}
    with pytest.raises(CannotIssue):
        issuing.give(SYSTEM, one, "ten", at=AT)
    issuing.give(SYSTEM, two, "ten", at=AT)
    publish(ten=template(limits={"in_total": 4}))
    assert broken() == {}
    publish(ten=template())
    issuing.give(SYSTEM, two, "ten", 5, at=AT)
    assert broken() == {}


def test_an_announced_code_is_made_moved_and_taken_away_by_publishing(shop):
    dates = {"from": "2026-03-01", "until": "2026-03-31"}
    hello = template(kind="shared", announced=True, valid=dates, code={"text": "Hello-20"})
    publish(hello=hello, ten=template())
    found = selectors.with_code("HELLO20", AT)
    assert (found.template, found.state, found.code, found.announced) == ("hello", "usable", "Hello-20", True)
    publish(hello=hello | {"code": {"text": "HELLO30"}}, ten=template())
    assert selectors.with_code("hello 20", AT).state == "revoked"
    assert selectors.with_code("hello30", AT).state == "usable"
    publish(hello=hello, ten=template())
    assert selectors.with_code("hello 20", AT).coupon_id == found.coupon_id
    (made,) = issuing.give(SYSTEM, shop.member(), "ten", at=AT)
    with pytest.raises(BadTemplate, match="of a coupon that was issued"):
        publish(hello=hello | {"code": {"text": made.code}}, ten=template())


def test_transfer_and_its_refusals(shop):
    publish(ten=template(transferable=True), fix=template())
    one, two, three = shop.member(), shop.member(), shop.member()
    (mine,) = issuing.give(SYSTEM, one, "ten", at=AT)
    (fixed,) = issuing.give(SYSTEM, one, "fix", at=AT)
    assert wallet.transfer(SYSTEM, mine.coupon_id, two, at=AT) == one
    assert (states(one), states(two)) == ([("fix", "usable")], [("ten", "usable")])
    members.block_many(caller=SYSTEM, member_ids=[three], reason="盗刷", at=AT)
    for coupon, to, at, reason in [
        (fixed, two, AT, "not_transferable"),
        (mine, two, AT, "same_member"),
        (mine, three, AT, "member_not_active"),
        (mine, one, AT + timedelta(days=30), "not_open"),
    ]:
        with pytest.raises(CannotTransfer) as refused:
            wallet.transfer(SYSTEM, coupon.coupon_id, to, at=at)
        assert refused.value.reason == reason
    with pytest.raises(UnknownMember):
        wallet.transfer(SYSTEM, mine.coupon_id, 10**9, at=AT)
    with pytest.raises(UnknownCoupon):
        wallet.transfer(SYSTEM, 10**9, one, at=AT)
    assert [(step.kind, step.member_id) for step in selectors.history(mine.coupon_id)] == [
        ("issued", one),
        ("transferred", two),
    ]
    assert broken() == {}


def test_many_members_get_theirs_once_however_often_it_is_begun(shop):
    publish(ten=template(limits={"per_member": 2}))
    everybody = [shop.member() for _ in range(12)]
    issuing.give(SYSTEM, everybody[0], "ten", at=AT)
    members.block_many(caller=SYSTEM, member_ids=[everybody[1]], reason="盗刷", at=AT)
    asked: list[int] = []
    batch = batches.to_members(
        SYSTEM, "ten", [*everybody, everybody[5]], each=2, name="周年", at=AT, later=asked.append
    )
    assert asked == [batch.pk]
    done = run_whole(batch.pk)
    assert (done.state, done.issued, done.refused, done.recipients) == ("done", 20, 2, 12)
    assert selectors.refused(batch.pk) == [
        (everybody[0], "member_limit"),
        (everybody[1], "member_not_active"),
    ]
    assert run_whole(batch.pk).issued == 20
    assert Counter(len(states(member)) for member in everybody) == {2: 10, 1: 1, 0: 1}
    assert broken() == {}
    with pytest.raises(BatchMoved):
        batches.resume(SYSTEM, batch.pk, at=AT, later=nobody)


def test_everybody_a_condition_holds_for_gets_one(shop):
    publish(ten=template())
    some = [shop.member() for _ in range(5)]
    members.tag_many(caller=SYSTEM, member_ids=some[:3], tag="周年", at=AT)
    batch = batches.to_audience(SYSTEM, "ten", {"member.tag": "周年"}, at=AT, later=nobody)
    done = run_whole(batch.pk)
    assert (done.state, done.recipients, done.issued) == ("done", 3, 3)
    assert [len(states(member)) for member in some] == [1, 1, 1, 0, 0]
    for wrong in ({"member.colour": "red"}, {"basket.subtotal": {"gte": 5}}, {}):
        with pytest.raises(LaokeError):
            batches.to_audience(SYSTEM, "ten", wrong, at=AT, later=nobody)
    assert len(selectors.batches()[0]) == 1
    assert broken() == {}


def test_nobody_at_all_is_an_end_too(shop):
    publish(ten=template())
    batch = batches.to_audience(SYSTEM, "ten", {"member.tag": "无人"}, at=AT, later=nobody)
    assert (run_whole(batch.pk).state, selectors.batch(batch.pk).recipients) == ("done", 0)
    with pytest.raises(CannotIssue):
        batches.to_members(SYSTEM, "ten", [], at=AT, later=nobody)


def test_a_batch_is_stopped_and_gone_on_with(shop, monkeypatch):
    monkeypatch.setattr(batches, "CHUNK", 4)
    publish(ten=template())
    everybody = [shop.member() for _ in range(10)]
    batch = batches.to_members(SYSTEM, "ten", everybody, at=AT, later=nobody)
    assert batches.run(batch.pk, lambda: AT, lambda _: False).issued == 4
    batches.stop(SYSTEM, batch.pk, at=AT)
    assert run_whole(batch.pk).issued == 4
    assert selectors.batch(batch.pk).state == "stopped"
    with pytest.raises(BatchMoved):
        batches.stop(SYSTEM, batch.pk, at=AT)
    batches.resume(SYSTEM, batch.pk, at=AT, later=nobody)
    assert run_whole(batch.pk).state == "done"
    assert [len(states(member)) for member in everybody] == [1] * 10
    assert broken() == {}


def test_a_limit_in_total_ends_a_batch_exactly(shop, monkeypatch):
    monkeypatch.setattr(batches, "CHUNK", 3)
    publish(ten=template(limits={"in_total": 9, "per_member": 2}))
    everybody = [shop.member() for _ in range(8)]
    batch = batches.to_members(SYSTEM, "ten", everybody, each=2, at=AT, later=nobody)
    done = run_whole(batch.pk)
    assert (done.issued, done.refused) == (8, 4)
    assert {reason for _, reason in selectors.refused(batch.pk)} == {"total_limit"}
    assert broken() == {}


def test_codes_for_nobody_are_exported_with_a_word_in_the_audit_trail(shop, monkeypatch):
    monkeypatch.setattr(batches, "CHUNK", 40)
    publish(ten=template(limits={"in_total": 90}, code={"prefix": "P", "length": 14}))
    batch = batches.of_codes(SYSTEM, "ten", 100, name="异业", at=AT, later=nobody)
    done = run_whole(batch.pk)
    assert (done.state, done.issued, done.refused) == ("done", 90, 10)
    reader = Caller("apikey", 1, "reader", frozenset({Scope.COUPONS_READ}))
    with pytest.raises(MissingScope):
        selectors.export(reader, batch.pk, at=AT)
    local = Caller("staff", 1, "li", frozenset({Scope.COUPONS_REVEAL, Scope.COUPONS_ISSUE}), frozenset({1}))
    with pytest.raises(OutsideStores):
        selectors.export(local, batch.pk, at=AT)
    with pytest.raises(OutsideStores):
        batches.of_codes(local, "ten", 1, at=AT, later=nobody)
    rows = list(selectors.export(SYSTEM, batch.pk, at=AT))
    assert len({code for _, code, *_ in rows}) == 90
    assert all(code.startswith("P") and codes.is_whole(codes.plain(code)) for _, code, *_ in rows)
    with connection.cursor() as cursor:
        cursor.execute("select count(*) from foundation_auditentry where action = 'coupon_batch.exported'")
        assert cursor.fetchone() == (1,)
    assert broken() == {}


def test_no_page_of_codes_leaves_without_a_note(shop):
    publish(ten=template())
    batch = batches.of_codes(SYSTEM, "ten", 3, at=AT, later=nobody)
    run_whole(batch.pk)
    # A mark is no secret: it can be made up to pass over the first page.
    page, _ = selectors.codes_page(SYSTEM, batch.pk, after=paging.write(0), limit=10, at=AT)
    assert len(page) == 3
    with connection.cursor() as cursor:
        cursor.execute(
            "select after ->> 'coupons' from foundation_auditentry where action = 'coupon_batch.exported'"
        )
        assert cursor.fetchall() == [("3",)]


def test_a_template_that_ends_meanwhile_stops_its_batch(shop, monkeypatch):
    monkeypatch.setattr(batches, "CHUNK", 2)
    publish(ten=template())
    batch = batches.to_members(SYSTEM, "ten", [shop.member() for _ in range(6)], at=AT, later=nobody)
    batches.run(batch.pk, lambda: AT, lambda _: False)
    publish(ten=template(closed=True))
    stopped = run_whole(batch.pk)
    assert (stopped.state, stopped.issued) == ("stopped", 2)
    with pytest.raises(CannotIssue):
        batches.resume(SYSTEM, batch.pk, at=AT, later=nobody)


def test_wallets_follow_a_merge_and_its_undo(shop):
    publish(ten=template(limits={"per_member": 5}, transferable=True))
    kept, gone = shop.member(), shop.member()
    issuing.give(SYSTEM, kept, "ten", at=AT)
    issuing.give(SYSTEM, gone, "ten", 2, at=AT)
    merge = members.merge(caller=SYSTEM, kept_id=kept, gone_id=gone, reason="同一人", at=AT)
    assert (len(states(kept)), len(states(gone))) == (3, 0)
    assert broken() == {}
    members.unmerge(caller=SYSTEM, merge_id=merge, at=AT)
    assert (len(states(kept)), len(states(gone))) == (1, 2)
    assert broken() == {}


def test_an_erased_member_leaves_no_usable_coupon(shop):
    publish(ten=template(limits={"per_member": 5, "in_total": 5}))
    member = shop.member()
    issuing.give(SYSTEM, member, "ten", 2, at=AT)
    members.erase_person(caller=SYSTEM, member_id=member, reason="本人要求", at=AT)
    assert states(member) == [("ten", "revoked"), ("ten", "revoked")]
    assert broken() == {}


def test_figures_of_templates(shop):
    publish(ten=template(limits={"in_total": 9}), five=template())
    issuing.give(SYSTEM, shop.member(), "ten", 3, at=AT)
    rows = {row.key: (row.issued, row.used, row.most, row.out) for row in selectors.template_rows()}
    assert rows == {"ten": (3, 0, 9, 3), "five": (0, 0, None, None)}
    publish(ten=template())
    assert [(each.version > 0, each.document is None) for each in templates.history("five")] == [
        (True, True),
        (True, False),
    ]


def test_codes_follow_a_new_key(shop, settings):
    publish(ten=template())
    member = shop.member()
    made = issuing.give(SYSTEM, member, "ten", 3, at=AT)
    before = settings.LAOKE
    settings.LAOKE = replace(before, data_key=bytes(range(32)), old_data_keys=(before.data_key,))
    assert list(rotation.reseal(caller=SYSTEM, at=AT)) == [3]
    settings.LAOKE = replace(settings.LAOKE, old_data_keys=())
    page, _ = selectors.wallet(member, AT)
    assert selectors.revealed(SYSTEM, page) == [codes.grouped(each.code) for each in reversed(made)]
    assert list(rotation.reseal(caller=SYSTEM, at=AT)) == [3]


def test_a_used_coupon_stays_used(shop):
    publish(ten=template())
    (made,) = issuing.give(SYSTEM, shop.member(), "ten", at=AT)
    with connection.cursor() as cursor:
        cursor.execute(
            "update benefits_coupon set state = 'used', used_order_id = 1 where id = %s", [made.coupon_id]
        )
    with pytest.raises(CannotRevoke):
        wallet.revoke(SYSTEM, made.coupon_id, reason="发错了", at=AT)
