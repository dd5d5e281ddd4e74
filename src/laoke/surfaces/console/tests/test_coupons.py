"""The pages of coupons: templates, issuing to many, one coupon, the wallet."""

from __future__ import annotations

import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from laoke.benefits.coupons import batches, codes, selectors
from laoke.benefits.models import Coupon, CouponBatch
from laoke.foundation.access import SYSTEM
from laoke.foundation.outbox import dispatch
from laoke.members import services as members
from laoke.surfaces.console import handlers
from laoke.surfaces.console.tests.conftest import Browser
from tests.coupon_shop import LESS_20, code_of_nobody, give, publish, template
from tests.shop import OPENING, broken, line

AT = OPENING
RICH = {
    "terms": {"zh": "全场通用", "en": "For everything"},
    "transferable": True,
    "limits": {"per_member": 3, "in_total": 50},
    "grace_days": 3,
}


@pytest.fixture(autouse=True)
def _templates(shop) -> None:
    dates = {"from": "2026-03-01", "until": "2026-03-31"}
    publish(
        {
            "less-20": template(**RICH),
            "hello": template(kind="shared", announced=True, valid=dates, code={"text": "HELLO20"}),
            "alone": template(closed=True),
        },
        less=LESS_20,
    )


def issue(browser: Browser, **fields):
    return browser.post("/coupons/issues/new", {"template": "less-20", "each": "1", "once": "a", **fields})


def number_of(answer) -> int:
    assert answer.status_code == 303, answer.text[-3000:]
    return int(answer["Location"].rsplit("/", 1)[1])


def run(batch_id: int) -> None:
    batches.run(batch_id, lambda: AT, lambda _: True)


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_pages_show_templates_issues_and_coupons(hire, shop, language, statements):
    owner = hire("owner", language=language)
    member = shop.member()
    code = give(member)
    batch = number_of(issue(owner, to="audience", everybody="on", name="周年"))
    run(batch)
    coupon = selectors.with_code(code, AT).coupon_id
    shop.till().sell("A", member, line("rice"), codes=[code])
    paths = (
        "/coupons",
        "/coupons/find",
        "/coupons/templates/less-20",
        "/coupons/templates/hello",
        "/coupons/issues",
        "/coupons/issues/new",
        "/coupons/issues/new?template=less-20",
        f"/coupons/issues/{batch}",
        f"/coupons/issues/{batch}/codes",
        f"/coupons/{coupon}",
        f"/coupons/{coupon}/reveal",
        f"/coupons/{coupon}/revoke",
        f"/members/{member}/coupons",
        f"/members/{member}/coupons?state=used",
        f"/members/{member}/coupons/give",
    )
    for path in paths:
        with statements() as sent:
            answer = owner.get(path)
        assert answer.status_code == 200, path
        assert len(sent) <= 12, (path, len(sent), sent)
        assert "Traceback" not in answer.text
        assert code not in answer.text
    text = owner.get(f"/coupons/{coupon}").text
    assert codes.masked(code) in text
    assert "¥20.00" in text
    assert broken() == {}


def test_a_code_is_found_however_it_is_written_and_guessing_is_slow(hire, shop, monkeypatch):
    monkeypatch.setattr("laoke.benefits.coupons.guesses.MOST", 3)
    service = hire("customer_service")
    code = give(shop.member())
    answer = service.post("/coupons/find", {"code": codes.grouped(code).lower()})
    assert (answer.status_code, answer["Location"]) == (
        303,
        f"/coupons/{selectors.with_code(code, AT).coupon_id}",
    )
    assert service.post("/coupons/find", {"code": ""}).status_code == 422
    for turn in range(3):
        assert service.post("/coupons/find", {"code": f"nothing-{turn}"}).status_code == 404
    assert service.post("/coupons/find", {"code": code}).status_code == 429
    assert service.later(minutes=10).post("/coupons/find", {"code": code}).status_code == 303


def test_revealing_needs_a_reason_and_is_recorded(hire, shop):
    owner = hire()
    code = give(shop.member())
    path = f"/coupons/{selectors.with_code(code, AT).coupon_id}/reveal"
    refused = owner.post(path, {"reason": ""})
    assert refused.status_code == 422
    assert codes.grouped(code) not in refused.text
    shown = owner.post(path, {"reason": "电话核对"})
    assert codes.grouped(code) in shown.text
    assert "Coupon code revealed" in owner.get("/settings/audit?action=coupon.revealed").text


def test_revoking(hire, shop):
    owner = hire()
    code = give(shop.member())
    path = f"/coupons/{selectors.with_code(code, AT).coupon_id}/revoke"
    assert owner.post(path, {"reason": ""}).status_code == 422
    assert selectors.with_code(code, AT).state == "usable"
    assert owner.post(path, {"reason": "误发"}).status_code == 303
    assert selectors.with_code(code, AT).state == "revoked"


def test_a_member_is_given_coupons_once_for_each_form(hire, shop):
    service = hire("customer_service")
    member = shop.member()
    path = f"/members/{member}/coupons/give"
    asked = {"template": "less-20", "quantity": "2", "reason": "配送延误", "once": "one"}
    for _ in range(2):
        answer = service.post(path, asked)
        assert (answer.status_code, answer["Location"]) == (303, f"/members/{member}/coupons")
    assert Coupon.objects.filter(member_id=member).count() == 2
    refused = service.post(path, asked | {"once": "two"})
    assert refused.status_code == 409
    assert "as many coupons of this template as one member may get" in refused.text
    for wrong in ({"quantity": "0"}, {"quantity": "x"}, {"template": "hello"}, {"template": "alone"}):
        assert service.post(path, asked | wrong | {"once": "three"}).status_code == 422
    assert service.post(path, asked | {"reason": "", "once": "four"}).status_code in (409, 422)
    assert Coupon.objects.filter(member_id=member).count() == 2


def test_an_issue_to_all_of_a_tag(hire, shop):
    owner = hire()
    some = [shop.member() for _ in range(4)]
    members.tag_many(caller=SYSTEM, member_ids=some[:3], tag="周年", at=AT)
    looked = issue(owner, to="audience", tag="周年", each="2", preview="1")
    assert "3 members, 6 coupons" in looked.text
    assert CouponBatch.objects.count() == 0
    batch = number_of(issue(owner, to="audience", tag="周年", each="2"))
    assert number_of(issue(owner, to="audience", tag="周年", each="2")) == batch
    run(batch)
    assert Coupon.objects.filter(batch_id=batch).count() == 6
    page = owner.get(f"/coupons/issues/{batch}").text
    assert "Tag: 周年" in page
    assert "hx-trigger" not in re.search(r'<div class="stack" id="issue".*?</section>', page, re.S)[0]


def test_an_issue_to_a_list_tells_of_lines_that_name_nobody(hire, shop):
    owner = hire()
    one, two = shop.member(), shop.member()
    file = SimpleUploadedFile("list.csv", f"number,name\n{two},x\n99999999,y\n".encode())
    looked = issue(owner, to="members", by="number", listed=str(one), file=file, preview="1")
    assert "2 members, 2 coupons" in looked.text
    assert "1 line names nobody" in looked.text
    file.seek(0)
    batch = number_of(issue(owner, to="members", by="number", listed=str(one), file=file))
    run(batch)
    assert Coupon.objects.filter(batch_id=batch).count() == 2
    for wrong in (
        {"to": "members", "by": "number", "listed": ""},
        {"to": "members", "by": "phone", "listed": "123"},
        {"to": "members", "file": SimpleUploadedFile("x", b"\xff\xfe\x00")},
        {"to": "audience"},
        {"to": "codes"},
        {"to": "codes", "count": "0"},
        {"to": "odd"},
        {"to": "codes", "count": "1", "template": "alone"},
        {"to": "audience", "everybody": "on", "name": "长" * 121},
    ):
        assert issue(owner, once=str(wrong), **wrong).status_code == 422, wrong
    assert CouponBatch.objects.count() == 1


def test_codes_are_made_stopped_and_exported(hire, shop, monkeypatch):
    monkeypatch.setattr(batches, "CHUNK", 5)
    owner = hire()
    batch = number_of(issue(owner, to="codes", count="12", name="印刷"))
    path = f"/coupons/issues/{batch}"
    batches.run(batch, lambda: AT, lambda _: False)
    page = owner.get(path).text
    assert 'hx-trigger="load delay:1500ms"' in page
    assert owner.post(f"{path}/stop").status_code == 303
    assert owner.post(f"{path}/stop").status_code == 409
    assert "Go on" in owner.get(path).text
    assert owner.post(f"{path}/resume").status_code == 303
    run(batch)
    answer = owner.post(f"{path}/codes")
    rows = b"".join(answer.streaming_content).decode("utf-8-sig").splitlines()
    assert rows[0] == "Code,State,Member,Until before,Coupon"
    assert len(rows) == 13
    assert all(codes.is_whole(codes.plain(row.split(",")[0])) for row in rows[1:])
    assert "Coupon codes exported" in owner.get("/settings/audit?action=coupon_batch.exported").text


def test_whoever_asked_hears_of_the_end(hire, shop):
    owner = hire()
    batch = number_of(issue(owner, to="codes", count="12"))
    run(batch)
    handlers.register()
    dispatch.dispatch_batch(AT)
    page = owner.get("/notices").text
    assert "Issue of coupons done: 12 issued, 0 members or codes without." in page
    assert f"/coupons/issues/{batch}" in page


def test_who_may_do_what(hire, shop):
    code_of_nobody()
    batch = CouponBatch.objects.latest("pk").pk
    coupon = Coupon.objects.filter(batch_id=batch).latest("pk").pk
    analyst = hire("analyst")
    assert analyst.get("/coupons").status_code == 200
    assert "Issue coupons" not in analyst.get("/coupons").text
    for path in ("/coupons/issues/new", f"/coupons/{coupon}/reveal", f"/coupons/{coupon}/revoke"):
        assert analyst.get(path).status_code == 403, path
    for path in (f"/coupons/issues/{batch}/stop", f"/coupons/issues/{batch}/codes"):
        assert analyst.post(path).status_code == 403, path
    local = hire("operations", store_ids=[shop.stores["S1"]])
    for path in ("/coupons/issues/new", f"/coupons/issues/{batch}/codes"):
        assert local.get(path).status_code == 403, path
    assert issue(local, to="codes", count="3").status_code == 403


def test_a_coupon_of_a_member_of_another_store_stays_unseen(hire, shop):
    member = shop.member()
    coupon = selectors.with_code(give(member), AT).coupon_id
    local = hire("operations", store_ids=[shop.stores["S2"]])
    for path in (f"/coupons/{coupon}", f"/coupons/{coupon}/reveal", f"/members/{member}/coupons"):
        assert local.get(path).status_code == 403, path
    assert local.post(f"/coupons/{coupon}/revoke", {"reason": "误发"}).status_code == 403
    assert selectors.coupon(coupon, AT).state == "usable"


def test_what_is_not_there(hire):
    owner = hire()
    for path in (
        "/coupons/999",
        "/coupons/templates/none",
        "/coupons/issues/999",
        "/coupons/issues/999/codes",
        "/members/999/coupons",
    ):
        assert owner.get(path).status_code == 404, path
    assert owner.get("/coupons/issues?after=odd").status_code == 400
