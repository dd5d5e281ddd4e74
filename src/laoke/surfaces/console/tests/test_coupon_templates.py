"""Writing coupon templates in the console, giving a coupon to another member, and the coupons of an order."""

from __future__ import annotations

import re

import pytest

from laoke.benefits.coupons import documents, selectors, templates, wallet
from laoke.benefits.models import CouponTemplateVersion
from laoke.checkout import coupon_templates, programme
from laoke.foundation.access import SYSTEM
from laoke.foundation.audit.models import AuditEntry
from laoke.members import services as members
from laoke.surfaces.console.coupons.form import TemplateForm
from laoke.surfaces.console.tests.conftest import Browser
from tests.coupon_shop import LESS_20, give, offer, publish, template
from tests.shop import OPENING, broken, line

AT = OPENING
RICH = {
    "terms": {"zh": "全场通用", "en": "For everything"},
    "transferable": True,
    "limits": {"per_member": 3, "in_total": 50},
    "grace_days": 3,
}
DATES = {"from": "2026-03-01", "until": "2026-03-31"}
# What the form of "less-20" holds.
FILLED = {
    "zh": "券",
    "en": "Coupon",
    "terms_zh": "全场通用",
    "terms_en": "For everything",
    "valid": "days",
    "days": "7",
    "starts": "at_once",
    "transferable": "on",
    "per_member": "3",
    "in_total": "50",
    "on_return": "give_back",
    "grace_days": "3",
}
EDIT = "/coupons/templates/less-20/edit"


@pytest.fixture(autouse=True)
def _templates(shop) -> None:
    publish(
        {
            "less-20": template(**RICH),
            "hello": template(kind="shared", announced=True, valid=DATES, code={"text": "HELLO20"}),
            "alone": template(),
        },
        less=LESS_20,
        gives=offer({"coupon": {"template": "less-20"}}, codes=["SPRING"]),
    )


def seen(key: str = "less-20") -> str:
    return str(templates.history(key)[0].version)


def change(browser: Browser, **fields):
    return browser.post(EDIT, FILLED | {"seen": seen(), "once": "a"} | fields)


def said(key: str = "less-20") -> dict:
    return documents.written(templates.current().documents[key])


def errors_of(text: str) -> dict[str, str]:
    """By field, what stands beside it."""
    return {
        name: re.sub("<[^>]+>", "", words).strip()
        for name, words in re.findall(r'<p class="hint err" id="id_(\w+)_error">(.*?)</p>', text, re.S)
    }


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_the_pages_of_the_editor(hire, shop, language, statements):
    owner = hire("owner", language=language)
    for path in ("/coupons/new", "/coupons/new?from=less-20", EDIT, "/coupons/templates/hello/edit"):
        with statements() as sent:
            answer = owner.get(path)
        assert answer.status_code == 200, path
        assert len(sent) <= 12, (path, len(sent))
    assert owner.get("/coupons/templates/nothing/edit").status_code == 404
    assert owner.get("/coupons/new?from=nothing").status_code == 404


def test_a_new_template_holds_at_once_and_says_that_no_offer_takes_it(hire, shop):
    owner = hire()
    asked = {
        "zh": "周年券",
        "en": "Anniversary",
        "key": "anniversary",
        "kind": "single_use",
        "valid": "hours",
        "hours": "36",
        "starts": "next_day",
        "begins": "zn",
        "per_member": "2",
        "on_return": "keep_used",
        "once": "a",
    }
    answer = owner.post("/coupons/new", asked)
    assert (answer.status_code, answer["Location"]) == (303, "/coupons/templates/anniversary")
    assert said("anniversary") == {
        "name": {"zh": "周年券", "en": "Anniversary"},
        "valid": {"hours": 36, "starts": "next_day"},
        "code": {"prefix": "ZN"},
        "limits": {"per_member": 2},
        "on_return": "keep_used",
    }
    assert said() == template(**RICH)
    assert "No offer names this template" in owner.get("/coupons/templates/anniversary").text
    entry = AuditEntry.objects.get(action="coupon_template.published", object_id="anniversary")
    assert (entry.actor_kind, entry.after) == ("staff", {"name": "周年券"})
    again = owner.post("/coupons/new", asked | {"once": "b"})
    assert again.status_code == 409
    assert errors_of(again.text) == {"key": "There is a template with this key already."}
    assert owner.post("/coupons/new", asked)["Location"] == "/coupons/templates/anniversary"
    assert CouponTemplateVersion.objects.filter(key="anniversary").count() == 1
    assert broken() == {}


def test_an_announced_code_of_fixed_dates(hire, shop):
    owner = hire()
    asked = {
        "zh": "口令",
        "en": "Code",
        "key": "code",
        "kind": "announced",
        "text": "Hi 2026",
        "valid": "dates",
        "since": "2026-03-02",
        "until": "2026-03-05",
        "until_time": "18:30",
        "once": "a",
    }
    for wrong, errors in (
        ({"text": ""}, {"text": "This is missing."}),
        ({"text": "hello-20"}, {"text": "The template hello has this code."}),
        ({"text": "spring"}, {"text": "The offer gives has this code; it would go first."}),
        ({"valid": "days", "days": "3"}, {"valid": "An announced code has fixed dates."}),
        ({"until": "2026-03-01"}, {"until": "The last day lies before the first."}),
        ({"until": ""}, {"until": "This is missing."}),
        # Since midnight until before midnight: no time at all.
        ({"until": "2026-03-02", "until_time": "00:00"}, {"until": "The last day lies before the first."}),
        (
            {"transferable": "on"},
            {
                "transferable": "Only for coupons that are used once each. "
                "Limits of a code stand at its offer."
            },
        ),
        ({"begins": "AB"}, {"begins": "An announced code is as it is written."}),
        ({"key": "no key"}, {"key": "A key has 1 to 64 letters, digits and hyphens."}),
    ):
        refused = owner.post("/coupons/new", asked | wrong)
        assert (refused.status_code, errors_of(refused.text)) == (422, errors), wrong
    assert "code" not in templates.current().documents
    assert owner.post("/coupons/new", asked).status_code == 303
    assert said("code") == {
        "name": {"zh": "口令", "en": "Code"},
        "kind": "shared",
        "announced": True,
        "code": {"text": "Hi 2026"},
        "valid": {"from": "2026-03-02", "until": "2026-03-05T18:30:00+08:00"},
    }
    assert selectors.with_code("hi2026", AT).template == "code"


def test_what_was_issued_is_no_announced_code(hire, shop):
    code = give(shop.member())
    asked = {"zh": "a", "en": "a", "key": "b", "kind": "announced", "text": code, "valid": "dates"}
    asked |= {"since": "2026-03-02", "until": "2026-03-05"}
    refused = hire().post("/coupons/new", asked)
    assert errors_of(refused.text) == {"text": "A coupon with this code was issued already."}
    assert "b" not in templates.current().documents


def test_a_change_is_a_version_with_its_differences(hire, shop):
    owner = hire()
    before = programme.current().version
    shown = change(owner, days="14", transferable="", preview="1").text
    assert "2 places changed" in shown
    assert programme.current().version == before
    answer = change(owner, days="14", transferable="", grace_days="", per_member="", terms_zh="", terms_en="")
    assert answer["Location"] == "/coupons/templates/less-20"
    assert said() == {"name": {"zh": "券", "en": "Coupon"}, "valid": {"days": 14}, "limits": {"in_total": 50}}
    assert programme.current().version == before + 1
    page = owner.get("/coupons/templates/less-20").text
    assert "6 places changed" in page
    assert "Days from issue: <del>7</del> <ins>14</ins>" in re.sub(r"\s+", " ", page)
    assert change(owner, days="14", seen="1", preview="1").status_code == 200


def test_what_is_sent_as_it_was_is_no_version(hire, shop):
    before = programme.current().version
    assert change(hire()).status_code == 303
    assert programme.current().version == before


@pytest.mark.parametrize(
    "document",
    [
        RICH,
        {"kind": "single_use", "closed": False, "announced": False, "limits": {}},
        {"valid": {"hours": 5, "starts": "next_day"}, "code": {"prefix": "AB", "length": 20}},
        {"valid": {"days": 3, "starts": "at_once"}, "code": {}, "on_return": "keep_used", "grace_days": 0},
        {"valid": {"from": "2026-03-01T10:00:30+01:00", "until": "2026-04-01"}, "closed": True},
        {"kind": "shared", "limits": {}, "on_return": "keep_used", "grace_days": 4},
        {"kind": "shared", "announced": True, "valid": DATES, "code": {"text": "ABC", "prefix": "Z"}},
    ],
    ids=["rich", "said", "hours", "empty", "instant", "shared", "announced"],
)
def test_a_form_sent_as_it_was_shown_changes_nothing(document):
    former = documents.read(template(**document))
    shown = TemplateForm(former=former)
    sent = {
        name: bound.value()
        if not hasattr(bound.value(), "strftime")
        else bound.field.widget.format_value(bound.value())
        for name in shown.fields
        if (bound := shown[name]).value() not in (None, False)
    }
    form = TemplateForm(sent, former=former)
    assert form.is_valid(), form.errors
    assert form.document() == documents.written(former)


def test_a_stale_form_overwrites_nothing(hire, shop):
    owner = hire()
    old = seen()
    assert change(owner, days="14").status_code == 303
    refused = change(owner, days="30", seen=old, once="b")
    assert refused.status_code == 409
    assert "published or ended this template meanwhile" in refused.text
    assert 'value="30"' in refused.text
    assert said()["valid"] == {"days": 14}
    for odd in ("", "x", "9" * 30):
        assert change(owner, days="30", seen=odd, once="c").status_code == 409
    assert f'name="seen" value="{seen()}"' in refused.text
    assert change(owner, days="30", once="d").status_code == 303
    assert said()["valid"] == {"days": 30}


def test_faults_stand_at_their_fields(hire, shop):
    owner = hire()
    before = programme.current().version
    for wrong, field in (
        ({"zh": ""}, "zh"),
        ({"en": "长" * 10_000}, "en"),
        ({"terms_en": ""}, "terms_en"),
        ({"days": ""}, "days"),
        ({"days": "3661"}, "days"),
        ({"days": "x"}, "days"),
        ({"valid": "hours"}, "hours"),
        ({"valid": "dates", "since": "2026-02-30", "until": "2026-03-01"}, "since"),
        ({"valid": "odd"}, "valid"),
        ({"per_member": "0"}, "per_member"),
        ({"in_total": "1.5"}, "in_total"),
        ({"on_return": "keep_used"}, "grace_days"),
        ({"grace_days": "-1"}, "grace_days"),
        ({"begins": "O0"}, "begins"),
        ({"length": "12"}, "length"),
        ({"zh": "a\0b"}, "zh"),
    ):
        refused = change(owner, **wrong)
        assert refused.status_code == 422, wrong
        assert list(errors_of(refused.text)) == [field], wrong
    assert programme.current().version == before
    assert change(owner, zh="🎁 \u202eعربى", days="9").status_code == 303
    assert said()["name"]["zh"] == "🎁 \u202eعربى"


def test_the_kind_stays(hire, shop):
    assert change(hire(), kind="shared", days="9").status_code == 303
    assert said() == template(**RICH) | {"valid": {"days": 9}}


def test_ending_and_publishing_again(hire, shop):
    owner = hire()
    member = shop.member()
    give(member, "alone")
    named = owner.get("/coupons/templates/less-20/end").text
    assert "End or change them first" in named
    assert 'href="/offers/gives"' in named
    refused = owner.post("/coupons/templates/less-20/end", {"seen": seen(), "once": "a"})
    assert refused.status_code == 409
    assert "less-20" in templates.current().documents
    stale = owner.post("/coupons/templates/alone/end", {"seen": "1", "once": "b"})
    assert stale.status_code == 409
    path = "/coupons/templates/alone"
    assert (
        owner.post(f"{path}/end", {"seen": seen("alone"), "reason": "周年结束", "once": "c"}).status_code
        == 303
    )
    assert "alone" not in templates.current().documents
    entry = AuditEntry.objects.get(action="coupon_template.ended")
    assert (entry.object_id, entry.reason) == ("alone", "周年结束")
    assert "It has ended: its coupons cannot be used" in owner.get(path).text
    assert "Ended templates" in owner.get("/coupons").text
    assert owner.post(f"{path}/end", {"seen": seen("alone"), "once": "d"}).status_code == 404
    taken = owner.post(
        "/coupons/new", {"zh": "a", "en": "a", "key": "alone", "kind": "shared", "valid": "days", "days": "1"}
    )
    assert errors_of(taken.text) == {
        "key": "A template with this key has ended. Publish it again from its page."
    }
    back = {"zh": "券", "en": "Coupon", "valid": "days", "days": "7", "seen": seen("alone"), "once": "e"}
    assert owner.post(f"{path}/edit", back).status_code == 303
    assert said("alone") == template()
    assert "Ended templates" not in owner.get("/coupons").text
    assert [each.document is None for each in templates.history("alone")] == [False, True, False]


def test_who_may_write(hire, shop):
    for role in ("analyst", "customer_service"):
        person = hire(role)
        for path in ("/coupons/new", EDIT, "/coupons/templates/alone/end"):
            assert person.get(path).status_code == 403, (role, path)
            assert person.post(path, FILLED).status_code == 403, (role, path)
        assert EDIT not in person.get("/coupons/templates/less-20").text
        assert "/coupons/new" not in person.get("/coupons").text
    assert said() == template(**RICH)
    assert CouponTemplateVersion.objects.filter(key="alone").count() == 1


def test_a_template_that_holds_no_time_is_refused_from_a_file_too(shop):
    nothing = template(valid={"from": "2026-03-01", "until": "2026-03-01T00:00:00+08:00"})
    with pytest.raises(templates.BadTemplate) as refused:
        programme.apply(SYSTEM, {"coupons": {"less-20": template(), "x": nothing}}, at=AT)
    assert refused.value.faults == [
        (("coupons", "x", "valid", "until"), "valid.until lies before valid.from")
    ]


def test_the_service_refuses_what_was_published_meanwhile(shop):
    with pytest.raises(templates.TemplateChanged):
        coupon_templates.save(SYSTEM, "less-20", template(), seen=None, at=AT)
    with pytest.raises(templates.TemplateChanged):
        coupon_templates.end(SYSTEM, "none", seen=3, at=AT)


def coupon_of(member: int, key: str = "less-20") -> int:
    return selectors.with_code(give(member, key), AT).coupon_id


def test_a_coupon_goes_to_another_member(hire, shop):
    service = hire("customer_service")
    one, two = shop.member(), shop.member()
    coupon = coupon_of(one)
    path = f"/coupons/{coupon}/transfer"
    assert path in service.get(f"/members/{one}/coupons").text
    assert f"{path}?to={two}" in service.get(f"{path}?q={two}").text
    assert f"{path}?to={one}" not in service.get(f"{path}?q={one}").text
    assert f'name="to" value="{two}"' in service.get(f"{path}?to={two}").text
    refused = service.post(path, {"to": str(two), "reason": "", "once": "a"})
    assert refused.status_code == 422
    assert selectors.coupon(coupon, AT).member_id == one
    reason = "家人代用" * 60
    for _ in range(2):
        answer = service.post(path, {"to": str(two), "reason": reason, "once": "b"})
        assert (answer.status_code, answer["Location"]) == (303, f"/members/{one}/coupons")
    assert selectors.coupon(coupon, AT).member_id == two
    assert [(step.kind, step.member_id, len(step.note)) for step in selectors.history(coupon)] == [
        ("issued", one, 0),
        ("transferred", two, 200),
    ]
    assert AuditEntry.objects.get(action="coupon.transferred").reason == reason
    assert broken() == {}


def test_why_a_coupon_stays_is_said_in_words(hire, shop):
    service = hire("customer_service")
    one, two = shop.member(), shop.member()
    coupon = coupon_of(one)
    path = f"/coupons/{coupon}/transfer"
    for to, words in (
        (str(one), "The coupon is in this member&#x27;s wallet already."),
        ("99999999", "No member is known by this identifier."),
        ("x", "No member is known by this identifier."),
    ):
        assert words in service.get(f"{path}?to={to}").text, to
        assert service.post(path, {"to": to, "reason": "家人代用"}).status_code == 409
    members.block(caller=SYSTEM, member_id=two, reason="核查", at=AT)
    assert "The member is blocked, merged or erased." in service.get(f"{path}?to={two}").text
    stays = coupon_of(one, "alone")
    assert f"/coupons/{stays}/transfer" not in service.get(f"/members/{one}/coupons").text
    page = service.get(f"/coupons/{stays}/transfer")
    assert "Coupons of this template stay with their member." in page.text
    assert "<form" not in page.text.split("form-card", 1)[1].split("</section>", 1)[0]
    wallet.revoke(SYSTEM, coupon, reason="误发", at=AT)
    assert "Only a coupon that can still be used" in service.get(f"{path}?to={two}").text
    assert selectors.coupon(coupon, AT).member_id == one
    assert hire("analyst").get(path).status_code == 403


def test_members_of_other_stores_get_nothing(hire, shop):
    one, two = shop.member(), shop.member()
    coupon = coupon_of(one)
    shop.till().sell("A", one, line("rice"))
    local = hire("customer_service", store_ids=[shop.stores["S1"]])
    path = f"/coupons/{coupon}/transfer"
    assert local.get(path).status_code == 200
    assert f"to={two}" not in local.get(f"{path}?q={two}").text
    assert local.post(path, {"to": str(two), "reason": "家人代用"}).status_code == 409
    assert selectors.coupon(coupon, AT).member_id == one


def test_an_order_shows_the_coupons_it_used_and_gave(hire, shop, statements):
    owner = hire()
    member = shop.member()
    code = give(member)
    used = selectors.with_code(code, AT).coupon_id
    sold = shop.till().sell("A", member, line("rice"), codes=[code, "SPRING"])
    path = f"/orders/{sold['order_id']}"
    (given,) = [each for each in selectors.wallet(member, AT)[0] if each.order_id == sold["order_id"]]
    with statements() as sent:
        page = owner.get(path).text
    assert len(sent) <= 12, len(sent)
    assert "Coupons used" in page
    assert "Coupons given" in page
    assert f'href="/coupons/{used}"' in page
    assert f'href="/coupons/{given.coupon_id}"' in page
    assert code not in page
