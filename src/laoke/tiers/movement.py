"""Where everybody went on the ladder in the last two quarters, counted by night and kept: pages read a few rows.

Three columns: the ends of the last two quarters, each with the review its end brings, and where everybody would stand
if judged at the end of yesterday by the ladder in force, as a review judges; besides, tiers that the clock ends within
DAYS_AHEAD are taken to have ended, if nothing more is bought.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

import psycopg
from django.conf import settings
from django.db import transaction

from laoke.engine.tiering import Ladder
from laoke.foundation import generations, sql
from laoke.foundation.sql import hot_cursor
from laoke.kernel.calendar import add_months, months_before, quarter_start, start_of_day
from laoke.kernel.money import minor_digits
from laoke.tiers import lacking
from laoke.tiers import ladder as ladders
from laoke.tiers.ending import Ending, due_by, ending
from laoke.tiers.flows import end_of
from laoke.tiers.judging import Bench, Numbers
from laoke.tiers.lacking import Lacking
from laoke.tiers.models import TierFlowFall, TierFlowRun

STOOD = sql.load("laoke.tiers", "tiers_at_three_instants")
ADD = sql.load("laoke.tiers", "add_flow_cells")
CELLS = sql.load("laoke.tiers", "flow_cells")
FALLS = sql.load("laoke.tiers", "flow_falls")
COUNTED = sql.load("laoke.tiers", "flow_falls_counted")
BATCH = 20_000
DAYS_AHEAD = 90
# Whoever lacks one purchase, this much money in units of the currency, or both, is near to keeping the tier.
CLOSE_UNITS = 300
Lack = TierFlowFall.Lack
NEAR = (Lack.PURCHASE, Lack.SPEND, Lack.BOTH)
Advance = Callable[[int], bool]
_Key = tuple[int, int, str, str]


class Went(NamedTuple):
    """Members who went from one tier to another, or stayed, and what they paid in the twelve months before the judging.

    `from_tier` is empty: they joined since; `to_tier` is empty: they were erased since.
    """

    from_tier: str
    to_tier: str
    members: int
    spend_minor: int


@dataclass(frozen=True, slots=True)
class Movement:
    """The newest count: `before` between the ends of the quarters, `after` from the last one to the judging at the end
    of `as_of`. `falls`: members of the two highest tiers who would fall now, by what they lack.
    """

    number: int
    as_of: date
    first: date
    second: date
    ladder_version: int
    finished_at: datetime
    members: int
    before: tuple[Went, ...]
    after: tuple[Went, ...]
    falls: Mapping[str, int]


class Fall(NamedTuple):
    """A member of one of the two highest tiers who would fall, and what is missing to keep the tier."""

    member_id: int
    name_masked: str
    from_tier: str
    to_tier: str
    lack: str
    purchases: int
    spend_minor: int
    store_id: int


def highest(ladder: Ladder) -> tuple[str, ...]:
    """Codes of the two highest tiers above the lowest, the highest first."""
    return tuple(tier.code for tier in reversed(ladder.tiers[1:][-2:]))


def days(at: datetime) -> tuple[date, date, date]:
    """The days of the three columns when counted at `at`."""
    as_of = at.astimezone(settings.LAOKE.zone).date() - timedelta(days=1)
    quarter = quarter_start(as_of)
    one = timedelta(days=1)
    return add_months(quarter, -3) - one, quarter - one, as_of


def count(
    *, at: datetime, now: datetime, batch: int = BATCH, advance: Advance | None = None
) -> Movement | None:
    """Count everybody as of the end of yesterday, and keep it in place of what was kept.

    Batches are transactions of their own. Stopped (`advance` is told the members done and returns False), nothing is
    shown of it and None returned; a repeat on the same day, under the same ladder, goes on where it stopped. A repeat
    of a finished count counts anew, and comes to the same unless something came late.
    """
    run, ladder = _begun(at)
    pass_ = _Pass.of(run, ladder)
    while True:
        with transaction.atomic(), hot_cursor() as cursor:
            done = pass_.batch(cursor, batch)
        if not done:
            break
        if advance and not advance(done):
            return None
    with transaction.atomic():
        # Unless another worker, which counted along, has done it.
        if TierFlowRun.objects.filter(pk=run.pk, finished_at__isnull=True).update(finished_at=now):
            TierFlowRun.objects.exclude(pk=run.pk).delete()
    return newest(None)


def to_count(at: datetime) -> int:
    """About how many members a count has still to look at."""
    with hot_cursor() as cursor:
        run = _unfinished(at)
        row = cursor.execute(
            "select count(*) from members_member where id > %s", (run.done_to if run else 0,)
        )
        return int(row.fetchone()[0])  # type: ignore[index]


def newest(stores: Sequence[int] | None) -> Movement | None:
    """The newest finished count, of the members at home in these stores; None: of all. None before the first count."""
    run = _finished()
    if run is None:
        return None
    values = {"run": run.pk, "stores": None if stores is None else list(stores)}
    with hot_cursor() as cursor:
        cells = cursor.execute(CELLS, values).fetchall()
        falls = dict(cursor.execute(COUNTED, values).fetchall())
    before, after = (tuple(Went(*row[1:]) for row in cells if row[0] == flow) for flow in (1, 2))
    assert run.finished_at is not None
    return Movement(
        number=run.pk,
        as_of=run.as_of,
        first=run.first_date,
        second=run.second_date,
        ladder_version=run.ladder_version,
        finished_at=run.finished_at,
        members=run.members,
        before=before,
        after=after,
        falls={str(lack): falls.get(lack, 0) for lack in Lack},
    )


def newest_run() -> tuple[int, date] | None:
    """The number of the newest finished count, and its day; None before the first one."""
    run = _finished()
    return (run.pk, run.as_of) if run else None


def close_minor() -> int:
    """The money that counts as little, in minor units."""
    units: int = 10 ** minor_digits(settings.LAOKE.currency)
    return CLOSE_UNITS * units


def falls(
    number: int, lacks: Sequence[str], stores: Sequence[int] | None, *, after: int = 0, most: int
) -> list[Fall]:
    """Members who would fall by a count, from the member number `after` on, those still members; `stores` as for
    `newest`.
    """
    values = {
        "run": number,
        "lacks": [str(lack) for lack in lacks],
        "stores": None if stores is None else list(stores),
        "after": after,
        "most": most,
    }
    with hot_cursor() as cursor:
        return [Fall(*row) for row in cursor.execute(FALLS, values)]


def _version() -> tuple[int, Ladder]:
    version = generations.current(generations.PROGRAMME)
    return ladders.number_at(version), ladders.at_version(version)


def _finished() -> TierFlowRun | None:
    return TierFlowRun.objects.filter(finished_at__isnull=False).order_by("-id").first()


def _unfinished(at: datetime) -> TierFlowRun | None:
    first, second, as_of = days(at)
    return (
        TierFlowRun.objects.filter(
            finished_at__isnull=True,
            as_of=as_of,
            first_date=first,
            second_date=second,
            ladder_version=_version()[0],
        )
        .order_by("-id")
        .first()
    )


def _begun(at: datetime) -> tuple[TierFlowRun, Ladder]:
    number, ladder = _version()
    run = _unfinished(at)
    if run is None:
        first, second, as_of = days(at)
        run = TierFlowRun.objects.create(
            as_of=as_of, first_date=first, second_date=second, ladder_version=number
        )
    TierFlowRun.objects.filter(finished_at__isnull=True).exclude(pk=run.pk).delete()
    return run, ladder


@dataclass(slots=True)
class _Pass:
    """One count under way."""

    run: TierFlowRun
    ladder: Ladder
    bench: Bench
    instants: dict[str, datetime]
    last: date
    high: frozenset[str]
    close_minor: int

    @classmethod
    def of(cls, run: TierFlowRun, ladder: Ladder) -> _Pass:
        zone = settings.LAOKE.zone
        until = start_of_day(run.as_of + timedelta(days=1), zone)
        instants = {
            "first": end_of(run.first_date, reviewed=True),
            "second": end_of(run.second_date, reviewed=True),
            # Judged as the review at that instant would: before what that instant brings.
            "third": until,
        }
        return cls(
            run=run,
            ladder=ladder,
            bench=Bench.before(ladder, until, months_before(until, 12, zone)),
            instants=instants,
            last=run.as_of + timedelta(days=DAYS_AHEAD),
            high=frozenset(highest(ladder)),
            close_minor=close_minor(),
        )

    def batch(self, cursor: psycopg.Cursor[Any], most: int) -> int:
        """Count the next members; how many they were. Two workers at once count each member once."""
        run = TierFlowRun.objects.select_for_update().filter(pk=self.run.pk, finished_at__isnull=True).first()
        if run is None:
            return 0
        self.run = run
        parameters = self.instants | {"after": run.done_to, "batch": most}
        rows = cursor.execute(STOOD, parameters).fetchall()
        if not rows:
            return 0
        until = self.instants["third"]
        due = due_by(((row[0], row[4], row[6]) for row in rows if row[4]), self.last)
        ends = ending(cursor, self.ladder, due, self.last, until) if due else {}
        there = [row[0] for row in rows if row[2] or row[3] or row[4]]
        numbers = self.bench.numbers(cursor, there)
        members: Counter[_Key] = Counter()
        spend: Counter[_Key] = Counter()
        fallen: list[tuple[Any, ...]] = []
        for member_id, store, first, second, third, floor, _ in rows:
            mine = numbers.get(member_id)
            judged = self._judged(member_id, store, third, floor, mine, ends.get(member_id), fallen)
            paid = mine[-2] if mine else 0
            for flow, source, target in ((1, first, second), (2, second, judged)):
                if source or target:
                    members[flow, store, source, target] += 1
                    spend[flow, store, source, target] += paid
        self._write(cursor, members, spend, fallen)
        self.run.done_to = rows[-1][0]
        self.run.members += len(rows)
        self.run.save(update_fields=["done_to", "members"])
        return len(rows)

    def _judged(
        self,
        member_id: int,
        store: int,
        tier: str,
        floor: str,
        numbers: Numbers | None,
        end: Ending | None,
        fallen: list[tuple[Any, ...]],
    ) -> str:
        """The tier a member would have; noted in `fallen` where that is a fall from one of the highest."""
        if not tier:
            return ""
        if end is not None:
            target, lack = end.to_tier, lacking.of_findings(end.findings)
        else:
            move = self.bench.judge(tier, floor, numbers)
            if move is None:
                return tier
            here = self.ladder.tier(tier)
            target = move.to_tier
            lack = lacking.of_needs((*here.needs, *here.active), self.bench.facts(numbers))
        if tier in self.high and self.ladder.rank(target) < self.ladder.rank(tier):
            kind = self._kind(lack)
            fallen.append(
                (self.run.pk, member_id, store, tier, target, kind, lack.purchases, lack.spend_minor)
            )
        return target

    def _kind(self, lack: Lacking) -> str:
        if not lack.near(self.close_minor) or not (lack.purchases or lack.spend_minor):
            return Lack.MORE.value
        if lack.purchases and lack.spend_minor:
            return Lack.BOTH.value
        return (Lack.PURCHASE if lack.purchases else Lack.SPEND).value

    def _write(
        self,
        cursor: psycopg.Cursor[Any],
        members: Counter[_Key],
        spend: Counter[_Key],
        fallen: Sequence[tuple[Any, ...]],
    ) -> None:
        keys = sorted(members)
        flows, stores, sources, targets = (
            (list(part) for part in zip(*keys, strict=True)) if keys else ([],) * 4
        )
        cursor.execute(
            ADD,
            {
                "run": self.run.pk,
                "flows": flows,
                "stores": stores,
                "sources": sources,
                "targets": targets,
                "members": [members[key] for key in keys],
                "spends": [spend[key] for key in keys],
            },
        )
        with cursor.copy(
            "copy tiers_tierflowfall (run_id, member_id, store_id, from_tier, to_tier, lack, purchases, spend_minor) "
            "from stdin"
        ) as copy:
            for row in fallen:
                copy.write_row(row)
