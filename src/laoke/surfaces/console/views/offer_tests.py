"""Trying an offer on past orders before it runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.http import HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l
from django.views.decorators.http import require_safe

from laoke.engine.conditions import All, leaves
from laoke.engine.conditions.documents import BadCondition
from laoke.foundation.access import Scope
from laoke.promotions import publication
from laoke.promotions import selectors as promotions
from laoke.promotions.backtest import running
from laoke.promotions.backtest.reading import Period
from laoke.promotions.backtest.report import Report
from laoke.promotions.backtest.running import NothingToReplay, Plan
from laoke.promotions.backtest.words import assumption
from laoke.promotions.documents.offers import Fault, read_offer
from laoke.promotions.language import language
from laoke.promotions.launch import checks
from laoke.promotions.launch.checks import Finding, Severity
from laoke.promotions.vocabulary import VOCABULARY
from laoke.segments import audience
from laoke.surfaces.console.naming import Named
from laoke.surfaces.console.pages import Visit, console_page
from laoke.surfaces.console.selectors.offers import OfferLine, line
from laoke.surfaces.console.selectors.stores import limit_of
from laoke.surfaces.console.templatetags.figures import named

WEEKS = 8
_SECONDS = 3.0
RESPONSES: Mapping[str, Any] = {
    "unchanged": _l("Nobody changes"),
    "moderate": _l("A few more buy"),
    "strong": _l("Many more buy"),
}


@dataclass(frozen=True, slots=True)
class Response:
    """What the offer comes to when shoppers answer so; `share` and `limit` of the longest bar, in percent."""

    label: str
    given_minor: int
    margin_minor: int
    share: float
    over: bool
    near_orders: str
    more_orders: str


@dataclass(frozen=True, slots=True)
class Overlap:
    """Another offer: how often both are given, and how often this one takes its place."""

    name: Named
    key: str
    together: int
    pushed_out: int


@dataclass(frozen=True, slots=True)
class BacktestPage:
    """What a replay found, or why there is none. `weeks` is None for days that somebody chose."""

    offer: OfferLine
    report: Report | None
    responses: tuple[Response, ...]
    limit: float | None
    overlaps: tuple[Overlap, ...]
    assumptions: tuple[str, ...]
    problem: str
    weeks: int | None
    hit_share: float
    anyway_share: float
    capped_share: float
    margin_before: float | None
    margin_after: float | None


@require_safe
@console_page("offers", Scope.PROGRAMME_READ)
def show(visit: Visit, key: str) -> HttpResponse:
    """Past orders with the offer: as many as there is time for while somebody waits."""
    offer = line(promotions.offer(key, visit.at))
    found, problem = None, ""
    try:
        found = running.run_small(_plan(visit, key), seconds=_SECONDS)
    except Fault:
        problem = _("The draft is not finished yet: what is to be done stands above the sentences.")
    except NothingToReplay:
        problem = _("There are no orders in these weeks to try it on.")
    page = findings(offer, found, problem, weeks=WEEKS)
    return visit.part("offers/_backtest", page) if visit.wants_part else visit.show("offers/backtest", page)


@dataclass(frozen=True, slots=True)
class FindingLine:
    """What a check found: how bad, in words, a sign and a tone; the article of the law, if one says it."""

    label: str
    icon: str
    tone: str
    says: Named
    article: Named | None


@dataclass(frozen=True, slots=True)
class ChecksPage:
    """What was found, the worst first."""

    offer: OfferLine
    findings: tuple[FindingLine, ...]
    problem: str


_SEVERITIES: Mapping[Severity, tuple[Any, str, str]] = {
    Severity.LOSS: (_l("Loss"), "alert-circle", "bad"),
    Severity.WARNING: (_l("Mind"), "alert-triangle", "warn"),
    Severity.DUTY: (_l("To be announced"), "info-circle", "mute"),
    Severity.FINE: (_l("Fine"), "circle-check", "good"),
}


@require_safe
@console_page("offers", Scope.PROGRAMME_READ)
def show_checks(visit: Visit, key: str) -> HttpResponse:
    """What is to be minded before an offer starts: the worst baskets there can be, and the law."""
    offer = line(promotions.offer(key, visit.at))
    findings: tuple[FindingLine, ...] = ()
    problem = ""
    try:
        found = checks.check(key, read_offer(document_of(key), language()), at=visit.at, seconds=_SECONDS)
        findings = tuple(_finding(each) for each in found.findings)
    except Fault:
        problem = _("The draft is not finished yet: what is to be done stands above the sentences.")
    page = ChecksPage(offer, findings, problem)
    return visit.part("offers/_checks", page) if visit.wants_part else visit.show("offers/checks", page)


@dataclass(frozen=True, slots=True)
class AudiencePage:
    """How many members an offer is for, as far as it says: None, for whom it cannot be said yet.

    `asks`: whether it asks anything of members at all; `whole`: all there are.
    """

    offer: OfferLine
    members: int | None
    whole: int
    asks: bool


@require_safe
@console_page("offers", Scope.PROGRAMME_READ)
def show_audience(visit: Visit, key: str) -> HttpResponse:
    """How many members fit what the offer asks of members, counted now."""
    offer = line(promotions.offer(key, visit.at))
    zone = settings.LAOKE.zone
    members, asks = None, False
    try:
        when = document_of(key).get("when")
        tree = audience.about_members(language().read(when) if when else All())
        asks = bool(list(leaves(tree)))
        members = audience.count(tree, visit.at, zone)
    except BadCondition:
        pass
    whole = audience.count(All(), visit.at, zone)
    page = AudiencePage(offer, members, whole, asks)
    return visit.part("offers/_audience", page) if visit.wants_part else visit.show("offers/audience", page)


def _finding(found: Finding) -> FindingLine:
    label, icon, tone = _SEVERITIES[found.severity]
    return FindingLine(
        str(label), icon, tone, Named(*found.says), None if found.article is None else Named(*found.article)
    )


def document_of(key: str) -> Mapping[str, Any]:
    """The offer that is tried: its draft, or what was published last."""
    draft = promotions.draft(key)
    return draft.document if draft is not None else publication.last_text(key)


def _plan(visit: Visit, key: str) -> Plan:
    today = visit.at.astimezone(settings.LAOKE.zone).date()
    stores = limit_of(visit.caller)
    period = Period(
        today - timedelta(weeks=WEEKS), today - timedelta(days=1), None if stores is None else tuple(stores)
    )
    return Plan(key, read_offer(document_of(key), language()), period, visit.at)


def findings(
    offer: OfferLine, found: Report | None, problem: str = "", *, weeks: int | None = None
) -> BacktestPage:
    """A report as its panel shows it."""
    if found is None:
        return BacktestPage(offer, None, (), None, (), (), problem, weeks, 0.0, 0.0, 0.0, None, None)
    most = max([*(each.given_minor for each in found.responses), found.budget_minor or 0, 1])
    budget = found.budget_minor
    names = promotions.names([each.key for each in found.offers])
    return BacktestPage(
        offer,
        found,
        tuple(
            Response(
                str(RESPONSES.get(each.name, each.name)),
                each.given_minor,
                each.margin_minor,
                round(100 * each.given_minor / most, 1),
                budget is not None and each.given_minor > budget,
                f"{each.near_orders:f}",
                f"{each.more_orders:f}",
            )
            for each in found.responses
        ),
        None if budget is None else round(100 * budget / most, 1),
        tuple(
            Overlap(
                Named(*names.get(each.key, (each.key, each.key))), each.key, each.together, each.pushed_out
            )
            for each in found.offers[1:]
            if each.together or each.pushed_out
        )[:5],
        tuple(_assumption(each) for each in found.assumptions),
        "",
        weeks,
        found.hit.percent / 100,
        found.anyway.percent / 100,
        found.orders_at_floor / found.orders if found.orders else 0.0,
        None if found.margin_before.percent is None else found.margin_before.percent / 100,
        None if found.margin_after.percent is None else found.margin_after.percent / 100,
    )


def _assumption(code: str) -> str:
    """The sentence of an assumption, attributes by what they are called."""
    name, colon, about = code.partition(":")
    if about not in VOCABULARY:
        return named(assumption(code))
    attribute = VOCABULARY[about]
    zh, en = (assumption(f"{name}{colon}{called}") for called in (attribute.zh, attribute.en))
    return named(Named(zh.zh, en.en))
