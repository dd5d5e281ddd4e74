"""Refusals around coupons."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.translation import gettext as _

from laoke.benefits.coupons import codes
from laoke.kernel.errors import LaokeError

Place = tuple[str | int, ...]


class BadTemplate(LaokeError):
    """A coupon template that cannot be used; says where in the document and how to mend it."""

    code, status, title = "bad-coupon-template", 422, "The coupon template cannot be used"

    def __init__(self, faults: Sequence[tuple[Place, str]]) -> None:
        self.faults = list(faults)
        super().__init__(
            "; ".join(f"{'.'.join(map(str, place)) or 'coupon'}: {says}" for place, says in faults[:10]),
            faults=[{"at": list(place), "says": says} for place, says in faults],
        )


class UnknownTemplate(LaokeError):
    """No coupon template of this key is in force."""

    code, status, title = "unknown-coupon-template", 404, "There is no such coupon template"

    def __init__(self, key: str) -> None:
        super().__init__(
            _("There is no coupon template %(key)s. Templates are published with the programme.")
            % {"key": key[:64]},
            field="template",
        )


class TemplateChanged(LaokeError):
    """Somebody published or ended the template while it was being changed; nothing is overwritten."""

    code, status, title = "coupon-template-changed", 409, "The coupon template is another one by now"

    def __init__(self, key: str, by: str) -> None:
        super().__init__(
            _("%(who)s published or ended this template meanwhile. Nothing was overwritten.") % {"who": by},
            template=key[:64],
            by=by,
        )
        self.by = by


class TemplateInUse(LaokeError):
    """Offers in force name the template, so it cannot end; `offers` are their keys."""

    code, status, title = "coupon-template-in-use", 409, "Offers name the coupon template"

    def __init__(self, key: str, offers: Sequence[str]) -> None:
        super().__init__(
            _("Offers in force take or give this coupon: %(offers)s. End or change them first.")
            % {"offers": ", ".join(offers)},
            template=key[:64],
            offers=list(offers),
        )
        self.offers = tuple(offers)


class UnknownCoupon(LaokeError):
    """No coupon has this number or code."""

    code, status, title = "unknown-coupon", 404, "There is no such coupon"

    def __init__(self) -> None:
        super().__init__(_("No coupon has this number or code. Check it and try again."))


class CannotIssue(LaokeError):
    """Coupons of this template cannot be issued like this; `reason` says why: template_closed, template_over,
    total_limit, member_limit, member_not_active, shared, for_nobody.
    """

    code, status, title = "cannot-issue-coupons", 409, "The coupons cannot be issued"

    def __init__(self, reason: str) -> None:
        super().__init__(_issue_words(reason), reason=reason)
        self.reason = reason


def _issue_words(reason: str) -> str:
    return {
        "template_closed": _("No more coupons of this template are issued."),
        "template_over": _("The time of this template is over: nobody could use the coupon any more."),
        "total_limit": _("As many coupons of this template were issued as there may be."),
        "member_limit": _("The member got as many coupons of this template as one member may get."),
        "member_not_active": _("The member is blocked, merged or erased."),
        "shared": _("The code of this template is one for everybody: it is not issued to members."),
        "announced": _(
            "The code of this template is announced: it was made when the template was published."
        ),
        "for_nobody": _("Name at least one member, or say how many codes."),
    }[reason]


class CouponsRefused(LaokeError):
    """One or more coupons cannot be used or held now; `coupons` says why for each, by the place of its code."""

    code, status, title = "coupons-refused", 409, "A coupon cannot be used"

    def __init__(self, refused: Sequence[tuple[int, str, str]]) -> None:
        """`refused` are (place, code, reason); of a code only the end is told: problems are logged."""
        reasons = dict.fromkeys(reason for _place, _code, reason in refused)
        super().__init__(
            _("; ").join(refusal_words(reason) for reason in reasons),
            coupons=[
                {"place": place, "code": codes.masked(codes.plain(code)), "reason": reason}
                for place, code, reason in refused
            ],
        )
        self.reasons = tuple(reason for _place, _code, reason in refused)


def refusal_words(reason: str) -> str:
    """Why a coupon was refused, as a cashier can read it out."""
    return {
        "unknown_code": _("There is no coupon with this code"),
        "expired": _("The coupon has expired"),
        "not_yet_valid": _("The coupon is not valid yet"),
        "already_used": _("The coupon was used already"),
        "held_elsewhere": _("The coupon is held for another order"),
        "not_yours": _("The coupon belongs to another member"),
        "revoked": _("The coupon was revoked"),
        "template_ended": _("The promotion of this coupon is over"),
        "one_per_order": _("Only one such coupon can be used on one order"),
    }.get(reason, reason)


class CannotTransfer(LaokeError):
    """The coupon cannot go to another member; `reason` says why: not_transferable, not_open, same_member, shared,
    member_not_active, in_no_wallet.
    """

    code, status, title = "cannot-transfer-coupon", 409, "The coupon cannot be transferred"

    def __init__(self, reason: str) -> None:
        super().__init__(
            {
                "not_transferable": _("Coupons of this template stay with their member."),
                "not_open": _("Only a coupon that can still be used and is not held can be transferred."),
                "same_member": _("The coupon is in this member's wallet already."),
                "shared": _("A code for everybody is in no wallet."),
                "member_not_active": _("The member is blocked, merged or erased."),
                "in_no_wallet": _("The coupon is in nobody's wallet."),
            }[reason],
            reason=reason,
        )
        self.reason = reason


class CannotRevoke(LaokeError):
    """A coupon that was used stays used."""

    code, status, title = "cannot-revoke-coupon", 409, "The coupon cannot be revoked"

    def __init__(self) -> None:
        super().__init__(_("The coupon was used. Take the goods back instead: then it comes back too."))


class TooManyGuesses(LaokeError):
    """This key or account entered too many codes that nobody knows; `retry_after` is a number of seconds."""

    code, status, title = "too-many-guesses", 429, "Too many unknown codes"

    def __init__(self, seconds: int) -> None:
        super().__init__(
            _("Too many codes that do not exist were entered. Try again in %(minutes)s minutes.")
            % {"minutes": max(1, -(-seconds // 60))},
            retry_after=seconds,
        )


class UnknownBatch(LaokeError):
    """No issue of coupons has this number."""

    code, status, title = "unknown-coupon-batch", 404, "There is no such issue of coupons"

    def __init__(self) -> None:
        super().__init__(_("No issue of coupons has this number."))


class TooManyRecipients(LaokeError):
    """An issue names more members, or asks for more codes, than one issue takes."""

    code, status, title = "too-many-recipients", 422, "Too many coupons for one issue"

    def __init__(self, most: int) -> None:
        super().__init__(_("One issue takes at most %(most)s.") % {"most": f"{most:,}"}, most=most)


class BatchMoved(LaokeError):
    """The issue is at another step than the page or program thought; `state` names it."""

    code, status, title = "coupon-batch-moved", 409, "The issue stands elsewhere by now"

    def __init__(self, state: str) -> None:
        super().__init__(_("This issue has ended or goes on already. Load the page again."), state=state)
