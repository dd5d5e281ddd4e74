"""The audit log: what is shown, found, paged and exported; every action has words."""

from __future__ import annotations

import ast
import csv
import io
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

import laoke
from laoke.foundation.access import ROLE_SCOPES, SYSTEM, Caller, Role, Scope
from laoke.foundation.audit import selectors, services
from laoke.foundation.audit.models import AuditEntry
from laoke.surfaces.console.actions import ACTIONS, OBJECTS
from tests.shop import OPENING

from .test_stores import ODD, words

ROOT = "/settings/audit"
SOURCE = Path(laoke.__file__).parent
MEI = Caller("staff", 7, "mei", frozenset())


@pytest.fixture
def trail(shop):
    """A hundred and twenty entries, a minute apart, the newest last; every third by mei."""
    AuditEntry.objects.bulk_create(
        AuditEntry(
            at=OPENING - timedelta(minutes=120 - n),
            actor_kind="staff",
            actor_id=7,
            actor="mei" if n % 3 == 0 else "lin",
            action="product.saved" if n % 2 else "member.revealed",
            object_kind="product" if n % 2 else "member",
            object_id=f"X{n}" if n % 2 else str(n),
            before={"price_minor": 100} if n % 2 else None,
            after={"price_minor": 100 + n} if n % 2 else {"field": "phone"},
            reason="" if n % 2 else f"来电核实 {n}",
        )
        for n in range(120)
    )


class TestTheLog:
    def test_actions_in_words_with_difference_and_reason(self, trail, hire):
        page = hire("auditor").get(ROOT)
        said = words(page)
        assert "Product saved Product X119 List price: ¥1.00 ¥2.19" in said
        assert "Personal data revealed Reason: 来电核实 118 Member 118 Field: Phone" in said
        assert 'href="/members/118"' in page.content.decode()

    def test_pages_in_both_directions(self, trail, hire):
        browser = hire("auditor")
        first = browser.get(ROOT, {"who": "lin"}).content.decode()
        after = re.search(r'rel="next" href="([^"]+)"', first)[1].replace("&amp;", "&")
        assert "who=lin" in after
        second = browser.get(after).content.decode()
        assert 'rel="next"' not in second
        assert "X119" in first
        assert "X119" not in second
        back = re.search(r'rel="prev" href="([^"]+)"', second)[1].replace("&amp;", "&")
        again = browser.get(back).content.decode()
        assert re.findall(r">(X\d+)<", again) == re.findall(r">(X\d+)<", first)

    @pytest.mark.parametrize(
        ("query", "found", "missing"),
        [
            ({"who": "mei"}, "X117", "X119"),
            ({"action": "member.revealed"}, "来电核实 118", "X119"),
            ({"kind": "product", "id": "X33"}, "X33", "X35"),
            ({"since": "2026-03-10", "until": "2026-03-10", "kind": "product"}, "X119", "来电核实"),
            ({"until": "2026-03-09"}, "Nothing was recorded", "X119"),
            ({"since": "31.12.2026", "who": "mei"}, "A day is written like 2026-03-10", "X119"),
            ({"since": "9999-12-31", "who": "mei"}, "A day is written like", "X119"),
        ],
    )
    def test_filters(self, trail, hire, query, found, missing):
        said = words(hire("auditor").get(ROOT, query))
        assert found in said
        assert missing not in said

    @pytest.mark.parametrize(
        "query", [{"id": ODD}, {"who": "\0"}, {"after": "!!"}, {"action": "长" * 10_000}]
    )
    def test_odd_input_is_no_fault(self, trail, hire, query):
        assert hire("auditor").get(ROOT, query).status_code in (200, 400)

    def test_documents_are_compared_place_by_place(self, shop, hire):
        before = {
            "tiers": [
                {"code": "a"},
                {"code": "b", "needs": [{"metric": "purchases", "days": 90, "at_least": 3}]},
            ]
        }
        needs = [{"metric": "purchases", "days": 90, "at_least": 4}]
        after = {"tiers": [{"code": "a"}, {"code": "b", "needs": needs}], "review": "monthly"}
        services.record(MEI, "ladder.published", "programme", 9, at=OPENING, before=before, after=after)
        said = words(hire("auditor").get(ROOT, {"action": "ladder.published", "who": "mei"}))
        assert "Tier 2 › Criteria: 3 purchases within 90 days 4 purchases within 90 days" in said
        assert "Reviews: every month" in said
        assert "tiers[0]" not in said

    def test_markup_is_shown_as_text(self, shop, hire):
        services.record(
            MEI, "view.saved", "view", "<i>1</i>", at=OPENING, after={"name": "<b>x</b>"}, reason="<u>y</u>"
        )
        body = hire("auditor").get(ROOT, {"who": "mei"}).content.decode()
        for tag in ("<i>1", "<b>x", "<u>y"):
            assert tag not in body


class TestTheExport:
    def test_all_that_is_filtered_as_csv_and_recorded(self, trail, hire):
        answer = hire("auditor").post(f"{ROOT}/export", {"who": "lin"})
        text = b"".join(answer.streaming_content).decode("utf-8-sig")
        rows = list(csv.reader(io.StringIO(text)))
        assert rows[0][:4] == ["Number", "Time", "Kind of actor", "Who"]
        assert len(rows) == 81
        assert {row[3] for row in rows[1:]} == {"lin"}
        assert rows[1][4:8] == ["Product saved", "product.saved", "Product", "X119"]
        assert rows[1][9:] == [
            "List price: ¥1.00 → ¥2.19",
            '{"price_minor":100}',
            '{"price_minor":219}',
        ]
        assert "attachment" in answer.headers["Content-Disposition"]
        entry = AuditEntry.objects.get(action="audit.exported")
        assert (entry.actor, entry.after) == ("auditor-1", {"who": "lin"})

    def test_cells_are_no_formulas(self, shop, hire):
        services.record(MEI, "view.saved", "view", "=1+1", at=OPENING, reason="@cmd")
        text = b"".join(hire("auditor").post(f"{ROOT}/export", {"who": "mei"}).streaming_content).decode()
        assert "'=1+1" in text
        assert "'@cmd" in text

    def test_batches_meet_without_gap_or_repeat(self, trail, monkeypatch):
        monkeypatch.setattr(selectors, "BATCH", 7)
        ids = [entry.id for entry in selectors.every(SYSTEM, selectors.Wanted(actor="lin"))]
        assert len(ids) == len(set(ids)) == 80
        assert ids == sorted(ids, reverse=True)


class TestWhoMay:
    @pytest.mark.parametrize("role", list(Role))
    def test_roles(self, trail, hire, role):
        browser = hire(role.value)
        may = Scope.AUDIT_READ in ROLE_SCOPES[role]
        assert browser.get(ROOT).status_code == (200 if may else 403)
        assert browser.post(f"{ROOT}/export").status_code == (200 if may else 403)
        assert AuditEntry.objects.filter(action="audit.exported").exists() is may

    def test_both_languages(self, trail, hire):
        assert "保存商品" in hire("auditor", language="zh-hans").get(ROOT).content.decode()

    def test_at_most_twelve_statements(self, trail, hire, statements):
        browser = hire("auditor")
        with statements() as sent:
            browser.get(ROOT, {"who": "lin"})
        assert len(sent) <= 12, sent


# Actions whose name is put together or handed on, and what they become.
_COMPOSED = {
    ("purchases/services.py", "{}.saved"): {
        f"{kind}.saved" for kind in ("store", "region", "channel", "category", "product")
    },
    ("surfaces/console/directory/bulk.py", "members.bulk_{}"): {
        f"members.bulk_{kind}" for kind in ("tag", "untag", "block", "unblock")
    },
    ("points/liability/requests.py", "{}"): {
        f"liability.{done}" for done in ("asked", "approved", "refused", "withdrawn")
    },
    ("members/services/blocking.py", "topic"): {"member.blocked", "member.unblocked"},
}
_RECORDS = {"record", "_tell", "_change", "_audit"}
_NAME = re.compile(r"[a-z_]+\.[a-z_-]+")


def _recorded() -> Iterator[tuple[str, str]]:
    """Every action in the source with its file: constants, and patterns of composed ones."""
    for path in sorted(SOURCE.rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        if "foundation.audit" not in text or {"tests", "migrations", "audit"} & set(path.parts):
            continue
        file = path.relative_to(SOURCE).as_posix()
        for node in ast.walk(ast.parse(text)):
            name = getattr(getattr(node, "func", None), "attr", None) or getattr(
                getattr(node, "func", None), "id", ""
            )
            if not isinstance(node, ast.Call) or name not in _RECORDS:
                continue
            for argument in node.args:
                for each in (
                    (argument.body, argument.orelse) if isinstance(argument, ast.IfExp) else (argument,)
                ):
                    if (
                        isinstance(each, ast.Constant)
                        and isinstance(each.value, str)
                        and _NAME.fullmatch(each.value)
                    ):
                        yield file, each.value
                    elif isinstance(each, ast.JoinedStr):
                        yield (
                            file,
                            "".join(v.value if isinstance(v, ast.Constant) else "{}" for v in each.values),
                        )
                    elif isinstance(each, ast.Name) and each.id == "topic" and name == "record":
                        yield file, "topic"


class TestWords:
    def test_every_action_has_words(self):
        known = set()
        for file, found in _recorded():
            names = {found} if _NAME.fullmatch(found) else _COMPOSED.get((file, found), {found})
            assert names <= set(ACTIONS), (file, names - set(ACTIONS))
            known |= names
        assert set(ACTIONS) == known

    def test_every_kind_of_object_has_words(self, trail, hire):
        kinds = {action.partition(".")[0] for action in ACTIONS} - {
            "activity_rules",
            "adjustment_rules",
            "benefits",
            "members",
            "orders",
            "ladder",
            "liability",
            "mall_order",
            "membership",
            "partner_codes",
            "plans",
            "points_policy",
            "points",
            "pricing",
        }
        assert kinds <= set(OBJECTS)
