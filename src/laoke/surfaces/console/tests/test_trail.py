"""Every detail of the audit trail has words: what the source writes is held against them."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import translation

import laoke
from laoke.checkout.checks import CHECKS as DECLARED
from laoke.engine.ledger.terms import OrderOfUse
from laoke.engine.policy import EarnBasis, Expires, Household, PointsPolicy, Shortfall, Transfers
from laoke.engine.tiering import Downgrade, Review
from laoke.foundation.access import SYSTEM, Caller, Role, Scope
from laoke.foundation.audit import services
from laoke.foundation.audit.models import AuditEntry
from laoke.foundation.staff import services as staff
from laoke.insight.metrics.catalogue import METRICS
from laoke.kernel.rounding import Rounding
from laoke.members.selectors.reveal import REVEALABLE
from laoke.members.services.profiles import FIELDS as WRITABLE
from laoke.points import policy
from laoke.purchases.models import Category, Channel, Product, Region, Store
from laoke.surfaces.console.actions import CODES, PLACES
from laoke.surfaces.console.selectors.audit import AuditFilter
from laoke.surfaces.console.selectors.jobs import CHECKS
from laoke.surfaces.console.selectors.member.words import FIELDS as MEMBER_FIELDS
from laoke.surfaces.console.selectors.movements import MovementFilter
from laoke.surfaces.console.selectors.tier_movement import FallFilter
from laoke.surfaces.console.trail import Reader, label_of, object_of
from tests.shop import LADDER, OPENING

from .test_stores import words

SOURCE = Path(laoke.__file__).parent
ROOT = "/settings/audit"
_RECORDS = {"record", "record_many"}
# Values whose names are put together elsewhere: where, the expression, and the names they come to.
_ELSEWHERE = {
    ("purchases/services.py", "before"): {
        field.name
        for model in (Store, Region, Channel, Category, Product)
        for field in model._meta.fields
        if field.name != "id"
    },
    ("purchases/services.py", "after"): set(),  # as before
    ("points/policy.py", "to_document(before)"): {
        f"{name}.{inside}" if isinstance(values, dict) else name
        for name, values in policy.to_document(PointsPolicy()).items()
        for inside in (values if isinstance(values, dict) else [name])
    },
    ("points/policy.py", "document"): set(),  # as before
    ("points/services.py", "{'points': points, **request}"): {"points", "adjustment", "asked_by"},
    ("surfaces/console/views/audit.py", "narrowed"): set(AuditFilter.__dataclass_fields__),
    ("surfaces/console/views/movements.py", "narrowed"): set(MovementFilter.__dataclass_fields__),
    ("surfaces/console/views/tier_movement.py", "narrowed"): set(FallFilter.__dataclass_fields__),
}
_DOCUMENT = policy.to_document(PointsPolicy())


class _Unknown(Exception):
    pass


def _calls() -> Iterator[tuple[str, ast.Module, ast.FunctionDef, ast.Call]]:
    """Every call that writes into the audit trail, with the outermost function around it."""
    for path in sorted(SOURCE.rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        if "foundation.audit" not in text or {"tests", "migrations", "audit"} & set(path.parts):
            continue
        tree = ast.parse(text)
        for function in (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)):
            for node in ast.walk(function):
                if not isinstance(node, ast.Call):
                    continue
                called = getattr(node.func, "attr", None) or getattr(node.func, "id", "")
                base = getattr(getattr(node.func, "value", None), "id", "audit")
                if called in _RECORDS and base in {"audit", "services"}:
                    yield path.relative_to(SOURCE).as_posix(), tree, function, node


def _keys(tree: ast.Module, function: ast.FunctionDef, node: ast.expr, inside: str = "") -> set[str]:
    """The paths of the values that an expression makes; raises _Unknown for what is put together elsewhere."""
    match node:
        case ast.Constant(value=None):
            return set()
        case ast.IfExp(body=body, orelse=orelse):
            return _keys(tree, function, body, inside) | _keys(tree, function, orelse, inside)
        case ast.Dict():
            found: set[str] = set()
            for key, value in zip(node.keys, node.values, strict=True):
                if key is None:
                    found |= _keys(tree, function, value, inside)
                    continue
                assert isinstance(key, ast.Constant)
                path = f"{inside}{key.value}"
                if isinstance(value, ast.Dict):
                    found |= _keys(tree, function, value, f"{path}.")
                elif isinstance(value, ast.ListComp) and isinstance(value.elt, ast.Dict):
                    found |= (
                        {path} if path.endswith("needs") else _keys(tree, function, value.elt, f"{path}[0].")
                    )
                else:
                    found.add(path)
            return found
        case ast.Call(func=ast.Name(id=name)):
            made = next(
                (each for each in tree.body if isinstance(each, ast.FunctionDef) and each.name == name), None
            )
            if made is None:
                raise _Unknown(ast.unparse(node))
            values = [each.value for each in ast.walk(made) if isinstance(each, ast.Return) and each.value]
            return set().union(*(_keys(tree, made, value, inside) for value in values))
        case ast.Name(id=name):
            values = [
                each.value
                for each in ast.walk(function)
                if isinstance(each, ast.Assign | ast.AnnAssign)
                and each.value is not None
                and any(
                    isinstance(target, ast.Name) and target.id == name
                    for target in (each.targets if isinstance(each, ast.Assign) else [each.target])
                )
            ]
            if not values:
                # Handed on by those who call this function, as a value made in the same way.
                handed = [
                    (outer, argument)
                    for outer in tree.body
                    if isinstance(outer, ast.FunctionDef) and outer is not function
                    for call in ast.walk(outer)
                    if isinstance(call, ast.Call) and getattr(call.func, "id", "") == function.name
                    for argument in (*call.args, *(each.value for each in call.keywords))
                    if ast.unparse(argument) == name or isinstance(argument, ast.Dict)
                ]
                if not handed:
                    raise _Unknown(name)
                return set().union(*(_keys(tree, outer, each, inside) for outer, each in handed))
            return set().union(*(_keys(tree, function, value, inside) for value in values))
    raise _Unknown(ast.unparse(node))


def _written() -> Iterator[tuple[str, set[str]]]:
    for file, tree, function, call in _calls():
        values = [each.value for each in call.keywords if each.arg in ("before", "after")]
        if getattr(call.func, "attr", "") == "record_many":
            (changes,) = (each for each in call.args if isinstance(each, ast.ListComp))
            values += changes.elt.elts[1:]  # type: ignore[attr-defined]
        for value in values:
            known = _ELSEWHERE.get((file, ast.unparse(value)))
            # A document of rules is read from the database or written into it: both by to_document.
            if known is None and ast.unparse(value) == "document":
                value = ast.parse("to_document(x)", mode="eval").body
            try:
                yield file, _keys(tree, function, value) if known is None else known
            except _Unknown as unknown:
                raise AssertionError(f"{file}: what is in {unknown}? Name its values in _ELSEWHERE") from None


def test_every_detail_that_is_written_has_words():
    found = list(_written())
    assert len(found) > 40
    assert {
        "gone_id",
        "rows_bad",
        "earn.per_minor",
        "tiers[0].name_zh",
        "tiers[0].needs",
        "tolerance_bp",
    } <= set().union(*(keys for _file, keys in found))
    nameless = {(file, key) for file, keys in found for key in keys if not label_of(key)}
    assert nameless == set()


def test_every_code_has_words():
    assert {check.name for check in DECLARED} == set(CHECKS)
    assert {*REVEALABLE, *WRITABLE} <= set(MEMBER_FIELDS)
    kinds = (Rounding, Shortfall, Expires, OrderOfUse, Transfers, Household, EarnBasis, Review, Downgrade)
    assert {each.value for kind in kinds for each in kind} == set(CODES)
    with translation.override("en"):
        assert all(object_of("target", metric.code) == metric.name.en for metric in METRICS)
    vaults = {
        call.args[3].value
        for _file, _tree, _function, call in _calls()
        if isinstance(call.args[1], ast.Constant) and call.args[1].value == "vault.resealed"
    }
    assert vaults == {name for kind, name in PLACES if kind == "vault"}


MERGED = {"gone_id": 12, "merge_id": 3}
POLICY = {
    "earn": {"points": 1, "per_minor": 100, "rounding": "down"},
    "shortfall": "debt",
    "valid_months": 12,
}
TARGET = {"baseline": 3700, "target": 4500, "start": "2026-01-01", "end": "2026-12-31", "tolerance_bp": 150}


@pytest.mark.parametrize(
    ("action", "kind", "name", "before", "after", "said"),
    [
        ("member.merged", "member", "5", None, MERGED, "Merged member: 12|Number of the merge: 3"),
        ("import.done", "import", "1", None, {"kind": "orders", "added": 1200, "rows_bad": 3},
         "Kind: Past orders|Rows added: 1,200|Rows left out: 3"),
        ("product.saved", "product", "many", None, {"count": 2, "codes": ["A", "B"]},
         "Product several|Number: 2|Codes: A, B"),
        ("staff.signed-in", "staff", "li", None, {"by": "password, code"}, "Method: Password + one-time code"),
        ("staff.signed-in", "staff", "li", None, {"by": "sign-on"}, "Method: Sign-in service"),
        ("staff.role-changed", "staff", "li", {"role": "analyst"}, {"role": "finance"}, "Role: Analyst Finance"),
        ("staff.scope-changed", "staff", "li", {"store_ids": None}, {"store_ids": [999]}, "Stores: no limit #999"),
        ("apikey.created", "apikey", "abc", None, {"scopes": ["quotes:write"]},
         "What it may do: Ask for prices and points at the till"),
        ("member.identity_added", "member", "5", None, {"kind": "wechat_openid"}, "Kind: WeChat OpenID"),
        ("member.revealed", "member", "5", None, {"fields": ["name", "phone"]}, "Fields: Name, Phone"),
        ("member.blocked", "member", "5", {"status": "active"}, {"status": "blocked"}, "Status: Active Blocked"),
        ("points.adjusted", "member", "5", None, {"points": -1200}, "Points: −1,200"),
        ("points_policy.published", "programme", "4", POLICY, POLICY | {"shortfall": "waive"},
         "version 4|Points to take back that are spent: the rest becomes a debt the rest is given up"),
        ("export.requested", "export", "1", None, {"filter": "status=blocked", "kind": "xlsx", "columns": ["spend"]},
         "Kind: XLSX|Columns: Spend in a year|Filter: Blocked"),
        ("members.bulk_tag", "bulk", "1", None, {"tag": "x", "members": 3, "filter": ""}, "Filter: all members"),
        ("job.started", "job", "points.expire", None, None, "Job Expire points"),
        ("vault.resealed", "vault", "staff", None, {"rows": 3}, "one-time codes of accounts"),
        ("webhook.created", "webhook", "1", None, {"topics": [], "active": True},
         "Events: Every event|Switched on: yes"),
        ("webhook.created", "webhook", "1", None, {"topics": ["order.committed"]}, "Events: Purchase recorded"),
        ("import.uploaded", "import", "1", None, {"files": 1, "bytes": 3 << 20}, "Files: 1|Size: 3.0 MiB"),
        ("database.restored", "database", "laoke", None, {"made_at": "2026-03-01T02:00:00+00:00", "broken": ["lots"]},
         "Backup of: 2026-03-01 10:00|Checks that do not hold: points batches"),
        ("audit.exported", "audit", "-", None, {"kind": "member", "action": "store.saved"},
         "Kind: Member|Action: Store saved"),
        ("ladder.published", "programme", "2", LADDER, LADDER | {"review": "never"}, "Reviews: every quarter never"),
        ("product.saved", "product", "A", {"name": ""}, {"name": "x" * 400}, "Name: – " + "x" * 300 + "…"),
        ("future.thing", "future", "A", None, {"of_tomorrow": 5}, "of_tomorrow : 5"),
    ],
)  # fmt: skip
def test_details_in_words(shop, hire, action, kind, name, before, after, said):
    services.record(SYSTEM, action, kind, name, at=OPENING + timedelta(days=1), before=before, after=after)
    page = words(hire("auditor").get(ROOT, {"kind": kind}))
    for part in said.split("|"):
        assert part in page


def test_targets_are_written_as_their_metric(shop, hire):
    metric = METRICS[0]
    services.record(SYSTEM, "target.set", "target", metric.code, at=OPENING, after=TARGET)
    page = words(hire("auditor").get(ROOT, {"kind": "target"}))
    assert f"Target {metric.name.en}" in page
    assert "Tolerance: 1.5%" in page
    assert "3700" not in page


def test_criteria_of_tiers_in_a_sentence(shop, hire):
    other = {
        "tiers": [dict(tier) for tier in LADDER["tiers"]],
        "review": LADDER["review"],
        "downgrade": LADDER["downgrade"],
    }
    other["tiers"][1]["needs"] = [{"metric": "spend", "months": 12, "at_least": 200_000}]
    services.record(SYSTEM, "ladder.published", "programme", 2, at=OPENING, before=LADDER, after=other)
    assert "Tier 2 › Criteria:" in (page := words(hire("auditor").get(ROOT, {"kind": "programme"})))
    assert "¥2,000 paid within 12 months" in page


def test_names_of_stores_are_looked_up_once(shop, hire, statements):
    store = Store.objects.first()
    for n in range(30):
        services.record(
            SYSTEM, "staff.scope-changed", "staff", f"s{n}", at=OPENING,
            before={"store_ids": None}, after={"store_ids": [store.pk]},
        )  # fmt: skip
        services.record(SYSTEM, "members.bulk_tag", "bulk", n, at=OPENING, after={"filter": "status=blocked"})
    browser = hire("auditor")
    with statements() as sent:
        page = words(browser.get(ROOT))
    assert store.name_en or store.name in page
    assert len(sent) <= 12, sent


def test_in_chinese_there_is_no_code_left(shop, hire):
    """The trail of a shop that did a little of everything; nothing of it stands there as a code."""
    staff.create(SYSTEM, "lin", "林一", Role.ANALYST.value, "wan-an-hutong-9", at=OPENING, given=True)
    services.record(
        Caller("staff", 7, "mei", frozenset()), "member.merged", "member", 5, at=OPENING, after=MERGED
    )
    services.record(
        SYSTEM, "product.saved", "product", "many", at=OPENING, after={"count": 2, "codes": ["A"]}
    )
    page = hire("auditor", language="zh-hans").get(ROOT).content.decode()
    table = page.partition("<tbody>")[2].partition("</tbody>")[0]
    assert "<code>" not in table
    for code in ("gone_id", "many", "password_given", "analyst", "store_ids"):
        assert f">{code}" not in table
    assert "合并来的会员" in table


def test_the_file_says_it_in_words_too(shop, hire):
    browser = hire("auditor", language="zh-hans")
    services.record(SYSTEM, "member.merged", "member", 5, at=OPENING, after=MERGED)
    text = b"".join(browser.post(f"{ROOT}/export", {"kind": "member"}).streaming_content).decode()
    assert "合并来的会员：12" in text
    assert '""gone_id"":12' in text


def test_whoever_may_not_read_the_log_reads_no_names(shop):
    """The reader looks names up as the caller, who sees the whole shop: limited accounts have no audit log."""
    caller = Caller("staff", 1, "x", frozenset({Scope.AUDIT_READ.value}), stores=frozenset())
    entry = AuditEntry(before=None, after={"store_ids": [1]}, object_kind="staff", object_id="x")
    (change,) = Reader(caller).changes(entry)  # type: ignore[arg-type]
    assert change.after == "#1"
