"""What the page of jobs shows: long work, the schedule, the queue."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from django.utils.translation import pgettext_lazy as _in

from laoke.foundation.access import Caller, Scope
from laoke.foundation.jobs import selectors as jobs
from laoke.foundation.jobs.selectors import Progress
from laoke.surfaces.console.selectors.imports import PHASES
from laoke.surfaces.importing.uploads.services import TASK as IMPORT

_ENDED = 12
_SILENT_SECONDS = 120
# Of these, running them now has a consequence that people see; the sentence says which.
NIGHTLY: dict[str, Any] = {
    "segments.recompute": _(
        "Scores and classes of all members are computed as of the end of yesterday and replace those there are. Takes "
        "seconds to minutes; nothing is sent."
    ),
    "points.expire": _(
        "Points whose time is over by now expire at once and not in the coming night. Members see their new balance. "
        "This cannot be undone."
    ),
    "tiers.clock": _(
        "Periods of tiers, trials and invitations whose days are over end at once and not in the coming night: members "
        "may move down. This cannot be undone."
    ),
    "tiers.review": _(
        "Members whom the latest review day has not judged yet are judged: they may move up or down. This cannot be "
        "undone. When everybody has been judged, nothing happens."
    ),
    "tiers.flows": _(
        "Where members went on the ladder in two quarters, and where they would stand now, is counted as of the end of "
        "yesterday and replaces what was kept. Takes seconds to minutes; nobody is moved."
    ),
    "checkout.check": _(
        "The books are held against every identity that must hold, such as balances and postings. Nothing is changed."
    ),
}
NAMES: dict[str, Any] = {
    "segments.recompute": _in("task", "Compute scores and classes"),
    "points.expire": _in("task", "Expire points"),
    "points.holds": _in("task", "Free points that were set aside for too long"),
    "points.expiring": _in("task", "Tell of points that end soon"),
    "points.month-end": _in("task", "Close or reopen a month of points"),
    "points.requests": _in("task", "End requests for points that nobody decided"),
    "tiers.clock": _in("task", "End periods of tiers that are over"),
    "tiers.review": _in("task", "Review tiers"),
    "tiers.flows": _in("task", "Count who moved on the ladder"),
    "checkout.check": _in("task", "Check the books"),
    "checkout.proposal": _in("task", "Apply a change of the ladder"),
    "checkout.trial": _in("task", "Try a draft of the ladder"),
    "foundation.purge": _in("task", "Delete handled messages, old logs and ended sessions"),
    "foundation.sweep-stalled": _in("task", "Start again what broken-off workers left behind"),
    "console.purge": _in("task", "Delete what the console no longer needs"),
    "console.purge-lists": _in("task", "Delete old exports and their files"),
    "console.export": _in("task", "Write an export"),
    "console.bulk": _in("task", "Change many members"),
    "console.watch": _in("task", "Tell of tasks that were given up"),
    "promotions.days": _in("task", "Sum up what offers gave"),
    "promotions.alarms": _in("task", "Watch the limits of offers"),
    "promotions.backtest": _in("task", "Try an offer on past orders"),
    "mall.lapse": _in("task", "Cancel orders for points that nobody collected"),
    "benefits.birthdays": _in("task", "Grant benefits for birthdays"),
    "memberships.ending": _in("task", "Tell whose paid membership ends soon"),
    "coupons.issue": _in("task", "Issue coupons to many"),
    "review.figures": _in("task", "Count the figures of the dashboard"),
    "imports.forget": _in("task", "Remove uploaded files after seven days"),
    "imports.work": _in("task", "Import from files"),
    "import.orders": _in("task", "Import of orders (command line)"),
}
# What must hold in the books, by the names the checks have.
CHECKS: dict[str, Any] = {
    "accounts": _("every member has a points account"),
    "answers": _("every order over the API is there once"),
    "balances": _("points balances"),
    "both-sides": _("points moved between two sides"),
    "coupon-batches": _("issues of coupons"),
    "coupon-uses-and-orders": _("orders coupons were used on"),
    "mall-points": _("points of the points mall"),
    "mall-stock": _("stock of the points mall"),
    "benefit-grants": _("grants of benefits"),
    "benefit-stock": _("stock of benefits"),
    "tier-budgets": _("costs of tiers"),
    "partner-codes": _("codes of partners"),
    "partner-settlements": _("settlements with partners"),
    "coupons-and-uses": _("uses of coupons"),
    "coupons-in-total": _("limits of coupons"),
    "coupons-of-members": _("coupons of members"),
    "every-member-stands": _("every member has a tier"),
    "periods": _("periods of tiers"),
    "tiers-sold": _("tiers sold for points"),
    "memberships-stand": _("tiers of paid memberships"),
    "memberships-paid": _("payments of paid memberships"),
    "memberships-days": _("days of paid memberships"),
    "memberships-moved": _("paid memberships that became others"),
    "lines": _("lines of orders"),
    "activities": _("points of events"),
    "adjustments-booked-once": _("adjustments by hand in the ledger"),
    "hold-ends": _("points set aside that were spent"),
    "hold-parts": _("points set aside, by their lots"),
    "holds": _("points set aside"),
    "liability-cohorts": _("closed months of points"),
    "liability-entries": _("journal entries of points"),
    "lots": _("points batches"),
    "members-of-orders": _("members of orders"),
    "moves": _("moves between tiers"),
    "order-earnings": _("points by rules of earning"),
    "orders-and-points": _("points of orders"),
    "offer-allotments": _("limits of offers"),
    "offer-counters": _("uses of offers"),
    "offers-and-lines": _("discounts of offers"),
    "owners": _("owners of points"),
    "pooled": _("points of households"),
    "return-lines": _("lines of returns"),
    "returns": _("returns of orders"),
    "spendings": _("points spent outside orders"),
    "standings": _("present tiers"),
    "tenders": _("payments of orders"),
    "totals": _("totals of points"),
    "transfers": _("points given to other members"),
}
STATES: dict[str, tuple[Any, str]] = {
    "running": (_in("state of work", "Under way"), "run"),
    "done": (_in("state of work", "Done"), "end"),
    "stopped": (_in("state of work", "Stopped"), "pause"),
    "failed": (_in("state of work", "Broke off"), "bad"),
}
OUTCOMES: dict[str, tuple[Any, str]] = {
    "": (_in("last run", "no run yet"), "draft"),
    "doing": (_in("last run", "under way"), "run"),
    "succeeded": (_in("last run", "done"), "end"),
    "failed": (_in("last run", "given up"), "bad"),
}
QUEUE: dict[str, tuple[Any, str]] = {
    "waiting": (_in("state of run", "Waits"), "sched"),
    "doing": (_in("state of run", "Under way"), "run"),
    "given_up": (_in("state of run", "Given up"), "bad"),
}


@dataclass(frozen=True, slots=True)
class Work:
    """A piece of long work. `facts` say what came of it."""

    name: str
    key: str
    label: str
    state: str
    tone: str
    running: bool
    phase: str
    done: int
    total: int
    unit: str
    rate: float
    seconds_left: float | None
    silent: bool
    started_at: datetime
    ended_at: datetime | None
    facts: str
    path: str
    stoppable: bool


@dataclass(frozen=True, slots=True)
class Planned:
    """A task that runs by itself."""

    name: str
    label: str
    cron: str
    next_at: datetime
    outcome: str
    tone: str
    ended_at: datetime | None
    by_hand: bool


@dataclass(frozen=True, slots=True)
class Run:
    """A run that waits, is under way or was given up."""

    id: int
    label: str
    state: str
    tone: str
    given_up: bool
    tries: int
    since: datetime | None
    not_before: datetime | None
    error: str
    failed_at: datetime | None


@dataclass(frozen=True, slots=True)
class JobsPage:
    """Everything that works in the background. `whole`: it says how much was done, which is of the whole shop."""

    running: tuple[Work, ...]
    ended: tuple[Work, ...]
    planned: tuple[Planned, ...]
    queue: tuple[Run, ...]
    waiting: int
    doing: int
    given_up: int
    may_act: bool
    live: bool
    whole: bool


@dataclass(frozen=True, slots=True)
class RunNowPage:
    """What running a task now would do."""

    name: str
    label: str
    consequence: str


def jobs_page(caller: Caller, at: datetime, now: datetime) -> JobsPage:
    """The page.

    Work is of the whole shop. Whoever is limited to stores, or looks at some of them, sees that it runs and whether it
    went well, not how many members, points or orders it was about.

    Args:
        at: what the next runs are counted from.
        now: the clock that progress is written by; work that was silent for two minutes says so.
    """
    # The page of an import is for those who may import.
    imports = Scope.STORES_WRITE in caller.scopes
    whole = caller.stores is None
    works = [_work(each, now, imports, whole) for each in jobs.recent(40)]
    runs, counts = jobs.queue(30)
    return JobsPage(
        running=tuple(each for each in works if each.running),
        ended=tuple(each for each in works if not each.running)[:_ENDED],
        planned=tuple(
            Planned(
                each.name,
                _label(each.name),
                each.cron,
                each.next_at,
                str(OUTCOMES[each.outcome][0]),
                OUTCOMES[each.outcome][1],
                each.ended_at,
                each.name in NIGHTLY,
            )
            for each in jobs.schedule(at)
        ),
        queue=tuple(
            Run(
                each.id,
                _label(each.name),
                str(QUEUE[each.state][0]),
                QUEUE[each.state][1],
                each.state == "given_up",
                each.tries,
                each.since,
                each.not_before,
                each.error,
                each.failed_at,
            )
            for each in runs
        ),
        waiting=counts["waiting"],
        doing=counts["doing"],
        given_up=counts["given_up"],
        may_act=Scope.PROGRAMME_WRITE in caller.scopes,
        live=any(each.running for each in works) or counts["waiting"] + counts["doing"] > 0,
        whole=whole,
    )


def run_now_page(name: str) -> RunNowPage | None:
    """What running a nightly task now would do; None when it is none of those that may be run by hand."""
    consequence = NIGHTLY.get(name)
    return None if consequence is None else RunNowPage(name, _label(name), str(consequence))


def label(name: str) -> str:
    """The task in words."""
    return _label(name)


def _label(name: str) -> str:
    return str(NAMES.get(name, name))


def _work(found: Progress, now: datetime, imports: bool, whole: bool) -> Work:
    state, tone = STATES[found.state]
    running = found.state == "running"
    phase = str(found.detail.get("phase") or found.detail.get("step") or "")
    return Work(
        found.name,
        found.key,
        _label(found.name),
        str(state),
        tone,
        running,
        str(PHASES.get(phase, "")),
        found.done,
        found.total,
        found.unit,
        found.rate,
        found.seconds_left,
        running and (now - found.updated_at).total_seconds() > _SILENT_SECONDS,
        found.started_at,
        found.finished_at,
        _facts(found.name, found.detail) if whole else "",
        f"/imports/{found.key}" if imports and found.name == IMPORT else "",
        # Imports are stopped on their own page, which remembers the wish when the worker dies.
        found.name not in {IMPORT, "segments.recompute", "checkout.check"},
    )


def _facts(name: str, detail: Mapping[str, Any]) -> str:
    if name == "checkout.check" and "broken" in detail:
        broken = detail["broken"]
        if not broken:
            return _t("Everything holds.")
        return ngettext(
            "%(n)s identity does not hold: %(names)s", "%(n)s identities do not hold: %(names)s", len(broken)
        ) % {
            "n": len(broken),
            "names": _t(", ").join(str(CHECKS.get(name, name)) for name in broken),
        }
    if name == "points.expire" and "points" in detail:
        return _t("%(n)s points expired") % {"n": f"{detail['points']:,}"}
    if name in ("tiers.clock", "tiers.review") and "moved" in detail:
        return ngettext("%(n)s member moved", "%(n)s members moved", detail["moved"]) % {
            "n": f"{detail['moved']:,}"
        }
    if name == IMPORT:
        return " · ".join(_import_facts(detail))
    return ""


def _import_facts(detail: Mapping[str, Any]) -> Iterator[str]:
    """What the page of the import says too, by the same counts."""
    dry_run = bool(detail.get("dry_run"))
    if dry_run:
        yield _t("trial run")
    if "added" in detail:
        said = _t("%(n)s to be added") if dry_run else _t("%(n)s added")
        yield said % {"n": f"{detail['added']:,}"}
        if bad := detail.get("rows_bad"):
            yield ngettext("%(n)s row with mistakes", "%(n)s rows with mistakes", bad) % {"n": f"{bad:,}"}
