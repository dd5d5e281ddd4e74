"""check, expire, recompute and programme on the command line."""

from __future__ import annotations

import functools
import json
import os
import signal
import threading
from datetime import UTC, datetime, timedelta
from fractions import Fraction

import duckdb
import pytest
import yaml
from django.conf import settings
from django.db import connection

from laoke.checkout import programme
from laoke.foundation.access import SYSTEM
from laoke.members import services as members
from laoke.members.types import IdentityInput
from laoke.points import expiry
from laoke.segments import services
from laoke.surfaces.cli.programme import differences, percent

NOW = datetime.now(UTC)
LONG_AGO = NOW - timedelta(days=800)
GOLD = [
    {"metric": "purchases", "months": 3, "at_least": 3},
    {"metric": "spend", "months": 3, "at_least": 200_000},
]
PROGRAMME = {
    "points": {
        "earn": {"points": 1, "per_minor": 100},
        "spend": {"points": 100, "worth_minor": 100, "step": 100},
    },
    "ladder": {
        "review": "monthly",
        "tiers": [{"code": "basic", "name_zh": "普卡"}, {"code": "gold", "name_zh": "金卡", "needs": GOLD}],
    },
}

OFFERS = """\
offers:
  tea:
    name: {zh: 茶九折, en: Tea 10 % off}
    goal: repeat
    stage: item
    gives:
      - percent: {percent: 10, of:
          {product.category: tea}}
"""


def execute(statement, *parameters):
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)


@pytest.fixture
def member(db):
    programme.apply(SYSTEM, PROGRAMME, at=LONG_AGO)
    return members.register(caller=SYSTEM, at=LONG_AGO, identities=[IdentityInput("phone", "13812345678")])


@pytest.fixture
def lot(member):
    """50 points whose time was over yesterday."""
    make_lot(member)


@pytest.fixture
def lot_of_another(member):
    """The same in another account."""
    other = [IdentityInput("phone", "13912345678")]
    make_lot(members.register(caller=SYSTEM, at=LONG_AGO, identities=other))


def make_lot(member):
    execute(
        "with lot as (insert into points_lot (member_id, origin, accrued_at, expires_at, points, remaining) "
        "values (%s, 'adjustment', %s, %s, 50, 50) returning id) "
        "insert into points_posting (member_id, kind, points, lot_id, at, recorded_at) "
        "select %s, 'adjustment', 50, id, %s, %s from lot",
        member, LONG_AGO, NOW - timedelta(days=1), member, LONG_AGO, LONG_AGO,
    )  # fmt: skip
    execute("update points_account set balance = 50, earned_total = 50 where member_id = %s", member)


class TestCheck:
    @pytest.mark.usefixtures("lot")
    def test_books_that_hold(self, laoke, asked):
        assert {each["broken"] for each in asked("check")} == {0}
        assert laoke("check").stdout.startswith("holds ")

    @pytest.mark.usefixtures("lot")
    def test_a_difference_ends_with_1_and_names_the_place(self, laoke, member):
        # Facts refuse to be changed; only somebody who switches the triggers off gets this far.
        execute("set local session_replication_role = replica")
        execute("update points_posting set points = 60 where member_id = %s", member)
        execute("set local session_replication_role = origin")
        result = laoke("check", "--json")
        assert result.exit_code == 1
        broken = {each["check"]: each for each in json.loads(result.stdout) if each["broken"]}
        assert set(broken) == {"lots", "balances", "totals"}
        assert f"member {member}, balance 50, debt 0, postings 60" in broken["balances"]["examples"][0]
        assert "BROKEN  lots: what remains of a lot is the sum of its postings" in laoke("check").stdout


class TestExpire:
    @pytest.mark.usefixtures("lot")
    def test_it_empties_lots_once(self, asked, laoke):
        assert asked("expire", "--at", (NOW - timedelta(days=3)).date().isoformat())["lots"] == 0
        first, second = asked("expire"), asked("expire")
        assert (first["lots"], first["points"], first["stopped"]) == (1, 50, False)
        assert (second["lots"], second["points"]) == (0, 0)
        assert {each["broken"] for each in asked("check")} == {0}

    @pytest.mark.usefixtures("lot", "lot_of_another")
    def test_ctrl_c_ends_after_the_batch_and_a_repeat_goes_on(self, laoke, asked, monkeypatch):
        # What it was before depends on who started the tests: in the background the signal is ignored.
        before = signal.getsignal(signal.SIGINT)
        batches = functools.partial(expiry.expire, batch=1)

        def interrupted(*, advance, **more):
            def interrupt(lots):
                signal.raise_signal(signal.SIGINT)
                return advance(lots)

            return batches(advance=interrupt, **more)

        monkeypatch.setattr(expiry, "expire", interrupted)
        result = laoke("expire", "--json")
        assert result.exit_code == 130
        assert json.loads(result.stdout) | {"at": ""} == {"at": "", "lots": 1, "points": 50, "stopped": True}
        assert "Run it again to go on." in result.stderr
        monkeypatch.undo()
        assert asked("expire")["lots"] == 1
        assert signal.getsignal(signal.SIGINT) is before

    @pytest.mark.parametrize("at", ["2999-01-01", "2999-01-01T00:00+08:00", "soon", "2026-13-01"])
    def test_only_what_has_come(self, laoke, at):
        assert laoke("expire", "--at", at).exit_code == 2


class TestRecomputeTiers:
    @pytest.fixture
    def gold(self, member):
        """Moved to gold by hand, long before the last review."""
        at = NOW - timedelta(days=100)
        execute("update tiers_standing set tier = 'gold', since = %s where member_id = %s", at, member)
        execute(
            "insert into tiers_tierchange (member_id, from_tier, to_tier, at, cause, reasons, recorded_at) "
            "values (%s, 'basic', 'gold', %s, 'threshold_reached', '[]', %s)",
            member, at, at,
        )  # fmt: skip
        return member

    @pytest.mark.usefixtures("gold")
    def test_by_the_latest_review_day_each_member_once(self, asked):
        first, second = asked("recompute", "tiers"), asked("recompute", "tiers")
        today = NOW.astimezone(settings.LAOKE.zone).date()
        assert first == {"day": today.replace(day=1).isoformat(), "judged": 1, "moved": 1, "stopped": False}
        assert (second["judged"], second["moved"]) == (0, 0)

    @pytest.mark.usefixtures("gold")
    def test_as_of_another_day(self, asked, laoke):
        day = (NOW - timedelta(days=2)).date().isoformat()
        assert asked("recompute", "tiers", "--as-of", day)["moved"] == 1
        assert laoke("recompute", "tiers", "--as-of", "2999-01-01").exit_code == 2

    @pytest.mark.usefixtures("gold")
    def test_a_ladder_judges_no_day_before_its_publication(self, asked, laoke):
        later = json.loads(json.dumps(PROGRAMME))
        later["ladder"]["tiers"][1]["needs"][0]["at_least"] = 4
        programme.apply(SYSTEM, later, at=NOW)
        assert asked("recompute", "tiers")["judged"] == 0
        assert "--as-of judges any other day" in laoke("recompute", "tiers").stdout


class TestRecomputeRfm:
    def test_ctrl_c_within_the_analytics_engine_is_no_fault(self, laoke, monkeypatch):
        def interrupted(**more):
            timer = threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGINT))
            timer.start()
            try:
                duckdb.sql(
                    "select count(*) from range(100000000) a, range(1000) b where a.range % 7 = b.range"
                ).fetchall()
            finally:
                timer.join()

        monkeypatch.setattr(services, "recompute", interrupted)
        result = laoke("recompute", "rfm")
        assert (result.exit_code, result.stdout) == (130, "")
        assert result.stderr.endswith("Stopped.\n")

    def test_only_days_that_have_come(self, laoke):
        assert laoke("recompute", "rfm", "--as-of", "2999-01-01").exit_code == 2


class TestProgramme:
    def test_what_show_prints_apply_reads(self, member, laoke, asked, tmp_path):
        file = tmp_path / "programme.yaml"
        file.write_text(laoke("programme", "show", "--yaml").stdout, encoding="utf-8")
        assert asked("programme", "apply", str(file))["changes"] == []
        assert asked("programme", "show") == yaml.safe_load(file.read_text(encoding="utf-8"))
        assert "Give-back  1 % of what members spend" in laoke("programme", "show").stdout

    def test_differences_and_give_back_come_before_the_change(self, member, laoke, tmp_path):
        file = tmp_path / "generous.yaml"
        points = PROGRAMME["points"] | {"spend": {"points": 100, "worth_minor": 1000}}
        file.write_text(yaml.safe_dump({"points": points}), encoding="utf-8")
        before = programme.current()
        dry = laoke("programme", "apply", str(file), "--dry-run")
        assert dry.stderr.splitlines() == ["points.spend.worth_minor: 100 → 1000", "Give-back: 1 % → 10 %"]
        assert dry.stdout == "Nothing was published: a dry run.\n"
        assert programme.current() == before
        done = laoke("programme", "apply", str(file))
        assert done.stdout == f"Published as version {before.version + 1}.\n"
        assert programme.current().points.spend.worth_minor == 1000

    @pytest.mark.parametrize(
        ("text", "says"),
        [
            ("points: [", "line 1, column 10: expected the node content"),
            ("", "it takes the sections points, ladder, pricing"),
            ("points:", "points: takes named fields"),
            ("prices: {}", "there is no such section"),
            ("points: {earn: {points: 1.5}}", "takes a whole number"),
            ("ladder: {tiers: gold}", "takes a list of tiers"),
            (
                "offers:\n  bad:\n    name: {zh: 名, en: N}\n    goal: repeat\n    stage: basket\n"
                "    gives:\n    - amount: {discount: -1}",
                "line 7: offers.bad.gives.0.amount.discount: takes an amount of money that is not negative",
            ),
            ("offers: {}\noffers: {}", "line 2: 'offers' stands here twice"),
        ],
    )
    def test_a_bad_document_changes_nothing(self, member, laoke, text, says):
        before = programme.current()
        result = laoke("programme", "apply", "-", input=text)
        assert (result.exit_code, says in result.stderr) == (2, True), result.stderr
        assert programme.current() == before

    def test_a_plan_tells_the_differences_and_warnings_and_publishes_nothing(self, member, laoke, tmp_path):
        file = tmp_path / "offers.yaml"
        file.write_text(OFFERS, encoding="utf-8")
        before = programme.current()
        found = laoke("programme", "plan", str(file))
        assert found.exit_code == 1
        assert found.stdout.splitlines()[0].startswith("offers.tea: (nothing) → {")
        assert found.stdout.splitlines()[-1] == "Give-back: 1 % → 1 %"
        assert found.stderr == (
            f"Warning: {file}, line 8: offers.tea.gives.0.percent.of.product.category: "
            "there is no category 'tea' yet\n"
        )
        told = json.loads(laoke("programme", "plan", str(file), "--json").stdout)
        assert [change["place"] for change in told["changes"]] == ["offers.tea"]
        assert [(each["line"], each["at"][:2]) for each in told["warnings"]] == [(8, ["offers", "tea"])]
        assert programme.current() == before
        assert laoke("programme", "apply", str(file)).exit_code == 0
        again = laoke("programme", "plan", str(file))
        assert (again.exit_code, again.stdout) == (0, "Give-back: 1 % → 1 %\n")

    def test_what_is_exported_is_the_programme(self, member, laoke, tmp_path):
        file = tmp_path / "programme.yaml"
        laoke("programme", "apply", "-", input=OFFERS)
        assert laoke("programme", "export", str(file)).exit_code == 0
        assert laoke("programme", "plan", str(file)).exit_code == 0
        assert laoke("programme", "export").stdout == file.read_text(encoding="utf-8")
        assert list(tmp_path.iterdir()) == [file]
        lost = laoke("programme", "export", str(tmp_path / "nowhere" / "programme.yaml"))
        assert (lost.exit_code, "No such file" in lost.stderr) == (2, True)

    def test_faults_of_all_sections_are_told_at_once_with_their_lines(self, member, laoke):
        text = "points:\n  valid_months: 0\npricing:\n  preset: cheap\noffers:\n  a: {}\n"
        result = laoke("programme", "plan", "-", input=text)
        assert result.exit_code == 2
        assert [line.split(": ")[0] for line in result.stderr.splitlines()][1:] == [
            "-, line 4",
            "-, line 6",
            "-, line 6",
            "-, line 6",
            "-, line 6",
        ]
        assert "line 2: points.valid_months: takes a whole number from 1 to 240" in result.stderr

    def test_pricing_is_shown_in_words(self, member, laoke):
        text = """\
pricing:
  preset: best_for_member
  policies: {percent_scope: unit}
  guards: {line_share: 60, margins: {fresh: 12.5}}
  refunds: pro_rata
  four_eyes_above: 5000
"""
        laoke("programme", "apply", "-", input=text)
        shown = laoke("programme", "show").stdout.splitlines()
        start = shown.index("Baskets    priced by the preset best_for_member, percent_scope unit")
        assert shown[start + 1 : start + 5] == [
            "Guard      offers take at most 60 % of a line",
            "Guard      fresh: a margin of at least 12.5 % is left",
            "Refunds    pro_rata",
            "Approval   by a second person above a budget of 5000.00 CNY",
        ]

    def test_the_schema_is_written(self, member, laoke, tmp_path):
        file = tmp_path / "programme.schema.json"
        assert laoke("programme", "schema", str(file)).exit_code == 0
        assert json.loads(file.read_text(encoding="utf-8"))["title"] == "Programme of a Laoke installation"

    def test_differences_go_into_lists_and_through_missing_parts(self):
        before = {"a": [1, {"b": 2}], "gone": 3}
        after = {"a": [1, {"b": 4}, 5], "new": {"c": 6}}
        assert [tuple(change) for change in differences(before, after)] == [
            ("a[1].b", 2, 4),
            ("a[2]", None, 5),
            ("gone", 3, None),
            ("new", None, {"c": 6}),
        ]

    @pytest.mark.parametrize(
        ("numerator", "denominator", "text"),
        [(1, 100, "1 %"), (1, 150, "0.67 %"), (1, 10, "10 %"), (3, 200, "1.5 %")],
    )
    def test_percent(self, numerator, denominator, text):
        assert percent(Fraction(numerator, denominator)) == text
