"""Words for the topics of events, and for what went wrong on the way to a receiver."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

TOPICS: dict[str, Any] = {
    "activity.recorded": _("Event of a member recorded"),
    "activity.referral": _("Referral paid or taken back"),
    "activity.undone": _("Event of a member undone"),
    "adjustment.asked": _("Points asked for above the limit"),
    "adjustment.decided": _("Request for points decided"),
    "benefit.budget_alarm": _("Budget of a tier runs low"),
    "benefit.granted": _("Benefit granted"),
    "benefit.published": _("Benefit new, changed or ended"),
    "benefit.undone": _("Use of a benefit undone"),
    "benefit.used": _("Benefit used"),
    "coupon.given_back": _("Coupon came back with goods"),
    "coupon.issued": _("Coupon issued"),
    "coupon.revoked": _("Coupon revoked"),
    "coupon.transferred": _("Coupon transferred"),
    "coupon.used": _("Coupon used"),
    "coupon_batch.ended": _("Issue of coupons ended"),
    "mall.moved": _("Order for points moved on"),
    "mall.ordered": _("Something ordered for points"),
    "member.blocked": _("Member blocked"),
    "member.consent_changed": _("Consent changed"),
    "member.erased": _("Member erased"),
    "member.household_joined": _("Household joined"),
    "member.household_left": _("Household left"),
    "member.identity_added": _("Card, phone or id added"),
    "member.identity_removed": _("Card, phone or id taken away"),
    "member.merged": _("Members merged"),
    "member.registered": _("Member registered"),
    "member.tagged": _("Tags put on a member"),
    "member.unblocked": _("Block lifted"),
    "member.unmerged": _("Merge undone"),
    "member.untagged": _("Tags taken off a member"),
    "member.updated": _("Member edited"),
    "membership.cancelled": _("Paid membership cancelled"),
    "membership.ended": _("Paid membership ended"),
    "membership.ending": _("Paid membership ends soon"),
    "membership.refunded": _("Paid membership refunded"),
    "membership.renewed": _("Paid membership renewed"),
    "membership.started": _("Paid membership begun"),
    "offer.budget_alarm": _("Budget of an offer runs low"),
    "offer.used_up": _("Offer used up"),
    "order.committed": _("Purchase recorded"),
    "order.delivery": _("Order on its way"),
    "order.returned": _("Goods returned"),
    "points.adjusted": _("Points adjusted by hand"),
    "points.expiring": _("Points end soon"),
    "points.pooled": _("Points spent by the household"),
    "points.pooled_back": _("Points spent by the household came back"),
    "points.spending_undone": _("Spending of points undone"),
    "points.spent": _("Points spent outside an order"),
    "points.transfer_undone": _("Transfer of points undone"),
    "points.transferred": _("Points given to another member"),
    "tier.changed": _("Tier changed"),
    "webhook.endpoint.disabled": _("Webhook switched off"),
    "webhook.test": _("Test"),
}

_ERRORS: dict[str, Any] = {
    "no connection within 10 s": _("no connection within 10 s"),
    "no answer within 10 s": _("no answer within 10 s"),
    "could not connect": _("could not connect"),
    "the answer was not HTTP": _("the answer was not HTTP"),
    "the name does not resolve": _("the name does not resolve"),
}
_ANSWERED = "answered "
_NOT_PUBLIC = " is not a public address"


def topic_words(name: str) -> str:
    """What a topic is about; one that nobody publishes any more by its name."""
    return str(TOPICS.get(name, name))


def error_words(error: str) -> str:
    """Why a delivery did not arrive, in the language of the page."""
    if error in _ERRORS:
        return str(_ERRORS[error])
    if error.startswith(_ANSWERED):
        return _now("answered %(status)s") % {"status": error.removeprefix(_ANSWERED)}
    if _NOT_PUBLIC in error:
        return _now("%(host)s is not a public address") % {"host": error.split(_NOT_PUBLIC)[0]}
    return error


def reason_words(reason: str) -> str:
    """Why an endpoint was switched off. Reasons that people wrote stay as they are."""
    if reason.startswith("the receiver answered 410"):
        return _now("The receiver answered 410: it wants no more events.")
    if reason.startswith("nothing arrived since "):
        since, _marked, last = reason.removeprefix("nothing arrived since ").partition("; last: ")
        return _now("Nothing arrived since %(since)s; last: %(error)s") % {
            "since": since,
            "error": error_words(last),
        }
    if reason.startswith("switched off by "):
        return _now("Switched off by %(who)s.") % {"who": reason.removeprefix("switched off by ")}
    return reason
