"""What the pages of coupons show."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.utils.translation import pgettext_lazy as _in

from laoke.benefits.coupons import documents, selectors, templates
from laoke.benefits.coupons.documents import OnReturn, Starts, TemplateDocument
from laoke.benefits.coupons.errors import UnknownTemplate
from laoke.benefits.coupons.selectors import COUNTED, BatchView, CouponView, Step, TemplateRow
from laoke.benefits.coupons.templates import Ended, Templates
from laoke.checkout import coupon_templates, programme
from laoke.foundation.access import Caller, Scope
from laoke.members.errors import MemberErased, MemberMerged, UnknownMember
from laoke.surfaces.console.coupons.words import KINDS, changes
from laoke.surfaces.console.labels import CLASSES_RFM
from laoke.surfaces.console.naming import Named, tier_name
from laoke.surfaces.console.offers.words import Changed
from laoke.surfaces.console.selectors.member.head import Head, head_of
from laoke.surfaces.console.selectors.member.state import state_of
from laoke.surfaces.console.templatetags.figures import clock_day, named, number

STATES: dict[str, tuple[Any, str]] = {
    "usable": (_in("state of a coupon", "Usable"), "run"),
    "upcoming": (_in("state of a coupon", "Not valid yet"), "sched"),
    "held": (_in("state of a coupon", "Held for an order"), "pause"),
    "used": (_in("state of a coupon", "Used"), "end"),
    "expired": (_in("state of a coupon", "Expired"), "end"),
    "revoked": (_in("state of a coupon", "Revoked"), "bad"),
}
BATCH_STATES: dict[str, tuple[Any, str]] = {
    "waiting": (_in("state of an issue", "Waiting"), "sched"),
    "gathering": (_in("state of an issue", "Finding the members"), "sched"),
    "issuing": (_in("state of an issue", "Issuing"), "sched"),
    "done": (_in("state of an issue", "Done"), "run"),
    "stopped": (_in("state of an issue", "Stopped"), "end"),
    "failed": (_in("state of an issue", "Broke off"), "bad"),
}
BATCH_KINDS: dict[str, Any] = {
    "members": gettext_lazy("List of members"),
    "audience": gettext_lazy("Members by condition"),
    "codes": gettext_lazy("Codes in nobody's wallet"),
}
STEPS: dict[str, Any] = {
    "issued": _in("of a coupon", "Issued"),
    "used": _in("of a coupon", "Used"),
    "given_back": _in("of a coupon", "Came back with the goods"),
    "transferred": _in("of a coupon", "Transferred"),
    "revoked": _in("of a coupon", "Revoked"),
}
REFUSED: dict[str, Any] = {
    "member_limit": gettext_lazy("has as many as one member may get"),
    "total_limit": gettext_lazy("none were left"),
    "member_not_active": gettext_lazy("blocked, merged or erased"),
}
PAGE = 25
VERSIONS = 20
# Fixed dates are the same for whatever is issued whenever.
_WHENEVER = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class TemplateLine:
    """A template as a list shows it; `left_share` is how much of its limit is out, None without one."""

    row: TemplateRow
    name: Named
    valid: str
    issued: str
    used: str
    share: float | None
    offers: tuple[tuple[str, Named], ...]
    given_by: tuple[tuple[str, Named], ...]


@dataclass(frozen=True, slots=True)
class EndedLine:
    """A template that has ended, as a list shows it."""

    ended: Ended
    name: Named


@dataclass(frozen=True, slots=True)
class TemplateList:
    """The templates in force, and those that have ended."""

    rows: tuple[TemplateLine, ...]
    ended: tuple[EndedLine, ...]
    may_issue: bool
    may_write: bool


@dataclass(frozen=True, slots=True)
class VersionLine:
    """A template as it was published once, and what was another then."""

    version: int
    ended: bool
    at: datetime
    by: str
    changed: tuple[Changed, ...]


@dataclass(frozen=True, slots=True)
class TemplateState:
    """A template as its pages begin: what was published last, whether it is in force, and which version that is."""

    key: str
    name: Named
    document: TemplateDocument
    in_force: bool
    version: int


@dataclass(frozen=True, slots=True)
class TemplatePage:
    """One template, with the issues of it. One that has ended is shown as it was."""

    line: TemplateLine
    in_force: bool
    terms: Named | None
    words: tuple[tuple[Any, str], ...]
    versions: tuple[VersionLine, ...]
    more_versions: bool
    batches: tuple[BatchLine, ...]
    may_issue: bool
    may_write: bool
    opens_offers: bool


@dataclass(frozen=True, slots=True)
class BatchLine:
    """An issue as a list shows it."""

    view: BatchView
    template: Named
    kind: Any
    state: Any
    tone: str
    share: float


@dataclass(frozen=True, slots=True)
class BatchList:
    """A page of issues."""

    rows: tuple[BatchLine, ...]
    after: str
    later: bool
    may_issue: bool


@dataclass(frozen=True, slots=True)
class BatchPage:
    """One issue: how far it is, and who got nothing."""

    line: BatchLine
    condition: tuple[str, ...]
    refused: tuple[tuple[int, Any], ...]
    more_refused: bool
    broke_off: bool
    may_act: bool
    may_export: bool


@dataclass(frozen=True, slots=True)
class StepLine:
    """What happened to a coupon."""

    step: Step
    label: Any


@dataclass(frozen=True, slots=True)
class CouponLine:
    """One coupon as lists and pages show it; `last_at` is the last instant it can be used."""

    view: CouponView
    name: Named
    state: Any
    tone: str
    last_at: datetime
    may_leave: bool


@dataclass(frozen=True, slots=True)
class UsedLine:
    """A coupon used on an order: what its offers gave, and whether it came back."""

    line: CouponLine
    minor: int
    undone: bool


@dataclass(frozen=True, slots=True)
class OrderCoupons:
    """The coupons of an order: those it used, and those that came with it."""

    used: tuple[UsedLine, ...]
    given: tuple[CouponLine, ...]


@dataclass(frozen=True, slots=True)
class CouponPage:
    """One coupon. `owner`: whose wallet, where the account may look at them; `in_force`: its template is."""

    line: CouponLine
    steps: tuple[StepLine, ...]
    owner: Head | None
    in_force: bool
    may_orders: bool
    may_reveal: bool
    may_revoke: bool
    may_transfer: bool


@dataclass(frozen=True, slots=True)
class Wallet:
    """A member's coupons, newest first."""

    head: Head
    rows: tuple[CouponLine, ...]
    state: str
    states: tuple[tuple[str, Any], ...]
    after: str
    later: bool
    may_issue: bool


def template_list(caller: Caller) -> TemplateList:
    """The templates in force, in the order of the programme, and those that have ended."""
    rules = programme.current()
    rows = tuple(_template_line(row, rules) for row in selectors.template_rows(rules.coupons))
    return TemplateList(
        rows,
        tuple(EndedLine(each, _name(each.document)) for each in templates.ended()),
        _may_issue_to_many(caller),
        Scope.PROGRAMME_WRITE in caller.scopes,
    )


def template_state(key: str) -> TemplateState:
    """One template, in force or ended.

    Raises:
        UnknownTemplate: there was never one.
    """
    versions = templates.history(key)
    document = next((each.document for each in versions if each.document is not None), None)
    if document is None:
        raise UnknownTemplate(key)
    return TemplateState(
        key, _name(document), document, versions[0].document is not None, versions[0].version
    )


def template_page(caller: Caller, key: str) -> TemplatePage:
    """One template, in force or ended.

    Raises:
        UnknownTemplate
    """
    state = template_state(key)
    rules = programme.current()
    (row,) = selectors.template_rows(Templates({key: state.document}))
    found, _more = selectors.batches(template=key, limit=10)
    terms = state.document.terms
    versions = _versions(key)
    return TemplatePage(
        _template_line(row, rules),
        state.in_force,
        None if terms is None else Named(terms.zh, terms.en),
        tuple(_words(state.document)),
        versions[:VERSIONS],
        len(versions) > VERSIONS,
        tuple(_batch_line(each) for each in found),
        state.in_force and _may_issue_to_many(caller),
        Scope.PROGRAMME_WRITE in caller.scopes,
        Scope.PROGRAMME_READ in caller.scopes,
    )


def template_line(state: TemplateState) -> TemplateLine:
    """A template with its figures and the offers it is for."""
    (row,) = selectors.template_rows(Templates({state.key: state.document}))
    return _template_line(row, programme.current())


def _versions(key: str) -> tuple[VersionLine, ...]:
    """Every version, the newest first, with what differs from the one before; an end differs in nothing."""
    versions = templates.history(key)
    lines, said = [], None
    for each in reversed(versions):
        text = None if each.document is None else documents.written(each.document)
        changed = changes(said, text) if said is not None and text is not None else ()
        lines.append(VersionLine(each.version, text is None, each.at, each.by, changed))
        said = text or said
    return tuple(reversed(lines))


def batch_list(caller: Caller, after: str | None) -> BatchList:
    """A page of issues, newest first.

    Raises:
        BadCursor
    """
    found, more = selectors.batches(after=after, limit=PAGE)
    return BatchList(
        tuple(_batch_line(each) for each in found),
        more or "",
        after is not None,
        _may_issue_to_many(caller),
    )


def batch_page(caller: Caller, batch_id: int, *, silent: bool) -> BatchPage:
    """One issue. `silent`: its worker broke off.

    Raises:
        UnknownBatch
    """
    view = selectors.batch(batch_id)
    refused = selectors.refused(batch_id, 51)
    return BatchPage(
        _batch_line(view),
        tuple(_condition_words(view.condition or {})),
        tuple((member_id, REFUSED.get(reason, reason)) for member_id, reason in refused[:50]),
        len(refused) > 50,
        silent and view.under_way,
        _may_issue_to_many(caller),
        Scope.COUPONS_REVEAL in caller.scopes and caller.stores is None and view.issued > 0,
    )


def coupon_page(caller: Caller, coupon_id: int, at: datetime) -> CouponPage:
    """One coupon.

    Raises:
        UnknownCoupon.
        OutsideStores: it is in the wallet of a member whom the account may not see.
    """
    view = selectors.coupon(coupon_id, at)
    owner = None
    if view.member_id is not None:
        # The coupon is still there to be looked at when the person is not.
        with suppress(MemberErased, MemberMerged, UnknownMember):
            owner = head_of(caller, state_of(caller, view.member_id, at))
    return CouponPage(
        _coupon_line(view),
        tuple(StepLine(step, STEPS.get(step.kind, step.kind)) for step in selectors.history(coupon_id)),
        owner,
        view.template in programme.current().coupons.documents,
        Scope.ORDERS_READ in caller.scopes,
        Scope.COUPONS_REVEAL in caller.scopes and not view.announced,
        Scope.COUPONS_ISSUE in caller.scopes and view.state not in ("used", "revoked") and not view.announced,
        Scope.COUPONS_ISSUE in caller.scopes and owner is not None and _may_leave(view),
    )


def wallet(caller: Caller, member_id: int, state: str, after: str | None, at: datetime) -> Wallet:
    """A member's coupons.

    Raises:
        MissingScope, BadCursor, and as `state_of`.
    """
    caller.require(Scope.COUPONS_READ)
    head = head_of(caller, state_of(caller, member_id, at))
    found, more = selectors.wallet(member_id, at, state=state or None, after=after, limit=PAGE)
    return Wallet(
        head,
        tuple(_coupon_line(each) for each in found),
        state,
        tuple((code, label) for code, (label, _tone) in STATES.items()),
        more or "",
        after is not None,
        Scope.COUPONS_ISSUE in caller.scopes,
    )


def of_order(caller: Caller, order_id: int, at: datetime) -> OrderCoupons | None:
    """The coupons of an order; None where the account may not look at coupons."""
    if Scope.COUPONS_READ not in caller.scopes:
        return None
    uses = selectors.uses_of_order(order_id)
    there = {view.coupon_id: view for view in selectors.of_order(order_id, [use[0] for use in uses], at)}
    return OrderCoupons(
        tuple(
            UsedLine(_coupon_line(there[coupon_id]), minor, undone)
            for coupon_id, _template, minor, undone in uses
            if coupon_id in there
        ),
        tuple(_coupon_line(view) for view in there.values() if view.order_id == order_id),
    )


def template_choices(*, shared: bool) -> list[tuple[str, str]]:
    """Templates coupons can be issued of, for a select; with or without those whose code is for everybody."""
    return [
        (key, f"{named(_name(document))} ({key})")
        for key, document in templates.current().documents.items()
        if not document.closed and not document.announced and (shared or not document.shared)
    ]


def tier_choices() -> list[tuple[str, str]]:
    """The tiers, for a select."""
    return [(tier.code, named(tier_name(tier))) for tier in programme.current().ladder.tiers]


def valid_words(document: TemplateDocument) -> str:
    """When coupons of a template can be used."""
    valid = document.valid
    if valid.fixed:
        window = valid.window(_WHENEVER, settings.LAOKE.zone)
        return f"{clock_day(window.since)} – {clock_day(window.until - timedelta(microseconds=1))}"
    count = valid.days or valid.hours or 0
    if valid.days is not None:
        words = ngettext("%(n)s day from issue", "%(n)s days from issue", count) % {"n": number(count)}
    else:
        words = ngettext("%(n)s hour from issue", "%(n)s hours from issue", count) % {"n": number(count)}
    if valid.starts is Starts.NEXT_DAY:
        return _("%(time)s, beginning the next day") % {"time": words}
    return words


def _may_leave(view: CouponView) -> bool:
    return view.transferable and view.member_id is not None and view.state in ("usable", "upcoming")


def _may_issue_to_many(caller: Caller) -> bool:
    return Scope.COUPONS_ISSUE in caller.scopes and caller.stores is None


def _name(document: TemplateDocument) -> Named:
    return Named(document.name.zh, document.name.en)


def _counted(count: int) -> str:
    return number(count) if count <= COUNTED else f"{number(COUNTED)}+"


def _template_line(row: TemplateRow, rules: programme.Programme) -> TemplateLine:
    offers = rules.offers.documents

    def named_offers(keys: Sequence[str]) -> tuple[tuple[str, Named], ...]:
        return tuple((key, Named(offers[key].name.zh, offers[key].name.en)) for key in keys)

    share = None if not row.most or row.out is None else row.out / row.most
    return TemplateLine(
        row,
        _name(row.document),
        valid_words(row.document),
        _counted(row.issued),
        _counted(row.used),
        share,
        named_offers(coupon_templates.taken_by(offers, row.key)),
        named_offers(coupon_templates.given_by(offers, row.key)),
    )


def _words(document: TemplateDocument) -> Sequence[tuple[Any, str]]:
    limits = document.limits
    words: list[tuple[Any, str]] = [
        (
            _("Kind"),
            str(KINDS["announced" if document.announced else str(document.kind)]),
        ),
        (_("Validity"), valid_words(document)),
    ]
    if not document.shared:
        words += [
            (
                _("Transfer"),
                _("may be given to another member") if document.transferable else _("stays with its member"),
            ),
            (_("Per member"), _("no limit") if limits.per_member is None else number(limits.per_member)),
            (_("In total"), _("no limit") if limits.in_total is None else number(limits.in_total)),
            (_("When goods come back"), _back_words(document)),
        ]
    code = document.code
    if document.announced:
        words.append((_("The code"), code.text or ""))
    elif code.prefix:
        words.append((_("Codes begin with"), code.prefix))
    return words


def _back_words(document: TemplateDocument) -> str:
    if document.on_return is OnReturn.KEEP_USED:
        return _("stays used")
    if not document.grace_days:
        return _("comes back with the last piece")
    days = ngettext(
        "comes back with the last piece; %(n)s more day when its time is over",
        "comes back with the last piece; %(n)s more days when its time is over",
        document.grace_days,
    )
    return days % {"n": document.grace_days}


def _batch_line(view: BatchView) -> BatchLine:
    document = programme.current().coupons.documents.get(view.template)
    label, tone = BATCH_STATES[view.state]
    share = view.position / view.recipients if view.recipients else float(view.state == "done")
    template = Named(view.template, view.template) if document is None else _name(document)
    return BatchLine(view, template, BATCH_KINDS[view.kind], label, tone, share)


def _coupon_line(view: CouponView) -> CouponLine:
    label, tone = STATES[view.state]
    return CouponLine(
        view,
        Named(view.name_zh, view.name_en),
        label,
        tone,
        view.valid_until - timedelta(microseconds=1),
        _may_leave(view),
    )


def _condition_words(condition: Mapping[str, Any]) -> Sequence[str]:
    """The conditions the form of the console writes, in words; others as they are written."""
    words = []
    for name, value in condition.items():
        if name == "member.known":
            words.append(_("All active members"))
        elif name == "member.tier":
            words.append(_("Tier: %(name)s") % {"name": dict(tier_choices()).get(value, value)})
        elif name == "member.class" and value in CLASSES_RFM:
            words.append(_("Class: %(name)s") % {"name": CLASSES_RFM[value][0]})
        elif name == "member.tag" and isinstance(value, str):
            words.append(_("Tag: %(name)s") % {"name": value})
        elif name == "member.birthday_week":
            words.append(_("Birthday in this week"))
        else:
            words.append(f"{name}: {value}")
    return words
