"""What a shop lacks before every page has something to show, and the ids of what is there.

Works on any shop with two members and an order: the demo that browsers visit, and the small one of tests without
a browser.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection

from laoke.benefits.coupons import batches, issuing
from laoke.benefits.coupons import selectors as coupons
from laoke.benefits.library import using
from laoke.benefits.mall import services as mall
from laoke.checkout import programme
from laoke.checkout.proposing import drafts as rules
from laoke.checkout.proposing import services as proposing
from laoke.engine.tiering import Downgrade
from laoke.foundation.access import SYSTEM, Caller, Role, Scope
from laoke.foundation.apikeys import services as apikeys
from laoke.foundation.models import WebhookDelivery
from laoke.foundation.staff import services as staff
from laoke.foundation.webhooks import services as webhooks
from laoke.members import services as members
from laoke.members.types import IdentityInput
from laoke.points import services as points
from laoke.points.adjustments import requests
from laoke.points.liability import requests as months
from laoke.points.liability import selectors as month_ends
from laoke.points.liability import services as closing
from laoke.promotions import drafts
from laoke.purchases import services as purchases
from laoke.purchases.services import CategoryInput, StoreInput
from laoke.surfaces.console.directory.models import BulkAct, SavedView
from laoke.surfaces.console.exports import services as exports
from laoke.surfaces.console.exports.models import Export
from laoke.surfaces.importing.tasks import work
from laoke.tiers import movement
from laoke.tiers.ladder import to_document
from laoke.tiers.memberships import services as memberships
from laoke.tiers.memberships.records import Notice
from tests.browser.site import LIMITED, NAMES, PASSWORD
from tests.visitor import Visitor

# Two entries of one person, by phone.
PERSON, PHONES = "欧阳小满", ("13612345678", "13612345679")
# Two who were merged.
MERGED = ("13612345670", "13612345671")
# Two rows that can come in and two that cannot.
MEMBERS_FILE = (
    "手机号,会员卡号,姓名,入会时间,性别\n"
    "13512340001,ZZ000001,张三,2025-03-01 10:00,男\n"
    "13512340002,ZZ000002,李四,2025-04-02 11:30,女\n"
    "12345,ZZ000003,王五,2025-05-03 09:00,男\n"
    "13512340004,ZZ000004,赵六,not a day,女\n"
)
# A session that nobody has: addresses of sessions are refused or answered without one.
NO_SESSION = UUID("00000000-0000-4000-8000-000000000000")


def furnish(at: datetime) -> dict[str, Any]:
    """Fill in what is missing; returns ids by the names addresses use.

    Accounts of every role are named after it; one more is limited to the store with the most orders.
    """
    stores = purchases.save_stores(
        SYSTEM, [StoreInput("T1", "试营店", "T", "杭州")], at=at, regions={"T": ("试营区", "Trial")}
    )
    purchases.save_categories(SYSTEM, [CategoryInput("T", "试售", "On trial")], at=at)
    home = _one("select store_id from purchases_order group by 1 order by count(*) desc, 1 limit 1")
    first, second, kept, gone = (
        members.register(
            caller=SYSTEM, at=at, name=PERSON, identities=[IdentityInput("phone", phone)], home_store_id=home
        )
        for phone in (*PHONES, *MERGED)
    )
    merge = members.merge(caller=SYSTEM, kept_id=kept, gone_id=gone, reason="Registered twice", at=at)
    if movement.newest_run() is None:
        movement.count(at=at, now=at)
    people = {
        role: staff.create(SYSTEM, role.value, name, role.value, PASSWORD, at=at)
        for role, name in NAMES.items()
    }
    staff.create(SYSTEM, LIMITED, "钱一店", Role.STORE_MANAGER.value, PASSWORD, at=at, store_ids=[home])
    return {
        **_left_by_work(at),
        **_membership(at, kept),
        "problem.code": "missing-scope",
        "member_id": _one(
            "select member_id from purchases_order where member_id is not null "
            "group by 1 order by count(*) desc, 1 limit 1"
        ),
        "order_id": _one("select max(id) from purchases_order where member_id is not null"),
        "person": first,
        "same_person": second,
        "merge_id": merge,
        "member-identity-remove.member_id": kept,
        "identity_id": _one(f"select min(id) from members_identity where member_id = {int(kept)}"),
        "store_id": home,
        "idle_store": stores["T1"],
        "region_id": _one("select max(id) from purchases_region"),
        "channel_id": _one("select min(id) from purchases_channel"),
        "product_id": _one("select min(id) from purchases_product"),
        "category_id": _one("select max(id) from purchases_category"),
        "staff_id": people[Role.ANALYST].pk,
        "session_id": str(NO_SESSION),
    }


def _left_by_work(at: datetime) -> dict[str, Any]:
    """What is there after an owner has worked for a while: keys, imports, exports, views, changes to many."""
    owner = Visitor(at, "owner")
    _, secret = apikeys.create(SYSTEM, "till 9", [Scope.ORDERS_WRITE.value], None, None, at=at)
    mapped, done = (_upload(owner) for _ in range(2))
    owner.send_form(f"/imports/{done}/columns", "map", act="check")
    work(at, import_id=done)
    owner.post(f"/imports/{done}/start", {"once": "furnish"})
    work(at, import_id=done)
    owner.post("/members/export", {"kind": "csv", "column": ["card", "tier"], "of": "tier=diamond"})
    export = Export.objects.latest("pk").pk
    exports.write(export, lambda rows: False, lambda: at)
    owner.post("/members/views/save", {"name": "金卡", "of": "tier=gold"})
    some = [row[0] for row in _rows("select id from members_member order by id limit 2")]
    owner.post("/members/bulk", {"action": "tag", "ids": some, "word": "试用"})
    return {
        "prefix": secret.split("_")[1],
        "import_id": done,
        "import-columns.import_id": mapped,
        "import-discard.import_id": mapped,
        "import-start.import_id": mapped,
        "mapping_id": 0,
        "export_id": export,
        "view_id": SavedView.objects.latest("pk").pk,
        "act_id": BulkAct.objects.latest("pk").pk,
        **_a_receiver(at),
        "job_id": 0,
        "jobs-run.name": "points.expire",
        "code": "repurchase_90",
        **_an_offer(at),
        **_coupons(at, some),
        **_benefits(at, some[0], _one("select min(id) from purchases_store")),
        "number": _a_request(at, some[0]),
        "request_id": _a_month(at),
        **_tier_rules(at),
    }


def _a_request(at: datetime, member_id: int) -> int:
    """Points that a program asked for and may not give alone."""
    programme.apply(SYSTEM, {"adjustments": {"limits": {"apikey": {"each": 0}}}}, at=at)
    program = Caller("apikey", 1, "till 9", SYSTEM.scopes)
    return int(requests.ask_once(program, member_id, 800, "补发：试办活动", at=at)["adjustment_id"])


def _a_month(at: datetime) -> int:
    """A month that a program wants reopened."""
    program = Caller("apikey", 1, "till 9", SYSTEM.scopes)
    if not month_ends.closed_months(SYSTEM):
        closing.close(SYSTEM, month_ends.next_month(at=at), at=at)
    newest = month_ends.closed_months(SYSTEM)[0].month
    return int(months.ask(program, months.Act.REOPEN, newest, "一台收银机晚传", at=at).pk)


def _tier_rules(at: datetime) -> dict[str, int]:
    """A draft of other tier rules that was tried, and proposed by a program once; nobody let it pass."""
    ladder = programme.current().ladder
    other = Downgrade.ONE_STEP if ladder.downgrade is Downgrade.TO_QUALIFIED else Downgrade.TO_QUALIFIED
    rules.save(SYSTEM, to_document(replace(ladder, downgrade=other)), revision=None, at=at)
    rules.try_it(SYSTEM, at=at)
    rules.work(at, 1)
    found = rules.current()
    assert found is not None
    assert found.preview is not None
    program = Caller("apikey", 1, "till 9", SYSTEM.scopes)
    row = rules.propose_it(program, "试办：每次只降一级", preview=found.preview, at=at)
    proposing.refuse(SYSTEM, row.pk, "等季度末再说", at=at)
    return {"preview": found.preview, "proposal_id": row.pk}


def _an_offer(at: datetime) -> dict[str, str]:
    """An offer that runs, with a draft that would change it."""
    key = "trial-offer"
    document = {
        "name": {"zh": "试办满减", "en": "Off on trial"},
        "goal": "repeat",
        "stage": "basket",
        "when": {"member.known": True, "basket.subtotal": {"gte": 50, "basis": "discounted"}},
        "gives": [{"amount": {"discount": 5}}],
        "limits": {"budget": 1000, "per_member": 3},
    }
    drafts.begin(SYSTEM, key, document, at=at)
    drafts.submit(SYSTEM, key, at=at)
    drafts.approve(SYSTEM, key, at=at)
    drafts.begin(SYSTEM, key, at=at)
    drafts.save(SYSTEM, key, document | {"priority": 5}, revision=1, at=at)
    return {"key": key, "offer": key, "offer-act.name": "pause"}


def _coupons(at: datetime, some: list[int]) -> dict[str, Any]:
    """A template, coupons in wallets, and an issue that is done; one of two got nothing."""
    names = {"zh": "试办券满50减5", "en": "5 off 50 on trial"}
    document = {
        "name": names,
        "terms": {"zh": "全场通用，不找零", "en": "For everything; no change is given"},
        "valid": {"days": 3000},
        "transferable": True,
        "limits": {"per_member": 2, "in_total": 500},
    }
    there = programme.to_document(programme.current())["coupons"]
    programme.apply(SYSTEM, {"coupons": there | {"trial-coupon": document}}, at=at)
    issuing.give(SYSTEM, some[0], "trial-coupon", 2, reason="trial", at=at)
    batch = batches.to_members(SYSTEM, "trial-coupon", some, name="三月试发", at=at, later=lambda _: None)
    batches.run(batch.pk, lambda: at, lambda _: True)
    (given, *_), _more = coupons.wallet(some[1], at)
    return {
        "coupon-template.key": "trial-coupon",
        "coupon-template-edit.key": "trial-coupon",
        "coupon-template-end.key": "trial-coupon",
        "batch_id": batch.pk,
        "coupon_id": given.coupon_id,
        "member-coupons.member_id": some[0],
    }


def _benefits(at: datetime, member_id: int, store_id: int) -> dict[str, Any]:
    """A benefit that was used, one whose budget is almost gone, goods that wait, a donation."""
    section = {
        "library": {
            "trial-parking": {
                "name": {"zh": "试用停车", "en": "Parking on trial"},
                "service": {"does": "parking", "unit": "hour"},
                "everybody": {"quota": 10},
                "per": "month",
                "cost_minor": 500,
            },
            "trial-points": {
                "name": {"zh": "试用生日礼", "en": "Birthday on trial"},
                "points": {},
                "everybody": {"amount": 100},
                "granted": {"on": "birthday", "days": 14, "days_before": 7},
            },
        },
        "mall": {
            "trial-cup": {"name": {"zh": "试用杯", "en": "Cup"}, "goods": {}, "points": 10, "stock": 3},
            "trial-fund": {
                "name": {"zh": "试用基金", "en": "Fund"},
                "charity": {"fund": "trial", "gives_minor": 100, "goal_minor": 1_000},
                "points": 10,
            },
        },
    }
    programme.apply(SYSTEM, {"benefits": section}, at=at)
    points.apply(SYSTEM, member_id, 50, "trial", at=at)
    used = using.use(SYSTEM, member_id, "trial-parking", 2, at=at)
    mall.order(SYSTEM, member_id, "trial-fund", at=at)
    order = mall.order(SYSTEM, member_id, "trial-cup", store_id=store_id, at=at)
    return {
        "benefit": "trial-parking",
        "use_id": used.use_id,
        "mall-order.order_id": order.order_id,
        "mall-order.what": "ready",
        **{
            f"{name}.member_id": member_id
            for name in ("member-benefits", "member-benefit-use", "member-benefit-undo")
        },
    }


def _membership(at: datetime, member_id: int) -> dict[str, Any]:
    """A plan that a member has paid for twice."""
    there = programme.to_document(programme.current())
    plan = {
        "name": {"zh": "试用年费会员", "en": "A year on trial"},
        "tier": there["ladder"]["tiers"][-1]["code"],
        "price_minor": 19_900,
        "months": 12,
        "trial": {"days": 14},
        "grace_days": 7,
    }
    plans = there["memberships"]["plans"] | {"trial-year": plan}
    programme.apply(SYSTEM, {"memberships": {"plans": plans}}, at=at)
    begun = memberships.start(SYSTEM, member_id, "trial-year", Notice(19_900, "WX-trial-1"), at=at)
    memberships.renew(SYSTEM, begun.membership_id, Notice(19_900, "WX-trial-2"), at=at)
    return {
        "membership_id": begun.membership_id,
        "membership-act.what": "renew",
        "member-memberships.member_id": member_id,
    }


def _a_receiver(at: datetime) -> dict[str, int]:
    """An endpoint that hears of nothing that happens here, so nothing leaves the machine; and what was sent before."""
    endpoint, _ = webhooks.create_endpoint(
        SYSTEM, "小程序", "https://93.184.216.34/laoke", ["member.erased"], at=at
    )
    sent = WebhookDelivery.objects.create(
        endpoint_id=endpoint.id,
        message_id=1,
        topic="order.committed",
        body='{"order_id": 1}',
        created_at=at,
        attempts=8,
        last_status=500,
        last_error="HTTP 500",
    )
    return {"endpoint_id": endpoint.id, "delivery_id": sent.pk}


def _upload(visitor: Visitor) -> int:
    file = SimpleUploadedFile("members.csv", MEMBERS_FILE.encode())
    answer = visitor.post("/imports/files", {"kind": "members", "files": [file]})
    return int(answer["Location"].split("/")[2])


def _rows(statement: str) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return list(cursor.fetchall())


def _one(statement: str) -> Any:
    return _rows(statement)[0][0]
