"""Refusals around benefits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from laoke.kernel.errors import LaokeError

Place = tuple[str | int, ...]


class BadBenefits(LaokeError):
    """The section `benefits` of a programme cannot be used; says where and how to mend it."""

    code, status, title = "bad-benefits", 422, "The benefits cannot be used"

    def __init__(self, faults: Sequence[tuple[Place, str]]) -> None:
        self.faults = list(faults)
        super().__init__(
            "; ".join(f"{'.'.join(map(str, place)) or 'benefits'}: {says}" for place, says in faults[:10]),
            faults=[{"at": list(place), "says": says} for place, says in faults],
        )


class UnknownBenefit(LaokeError):
    """No benefit of this key is in force."""

    code, status, title = "unknown-benefit", 404, "There is no such benefit"

    def __init__(self, key: str) -> None:
        super().__init__(
            _("There is no benefit %(key)s. Benefits are published with the programme.") % {"key": key[:64]},
            field="benefit",
        )


class BenefitRefused(LaokeError):
    """The member cannot use the benefit now; `reasons` says why: member_not_active, tier, condition, not_begun, over,
    not_granted, used_up, none_left, budget, coupons.
    """

    code, status, title = "benefit-refused", 409, "The benefit cannot be used now"

    def __init__(self, benefit: str, reasons: Sequence[Mapping[str, Any]]) -> None:
        self.reasons = [dict(reason) for reason in reasons]
        super().__init__(
            " ".join(dict.fromkeys(refusal_words(reason["code"]) for reason in reasons)),
            benefit=benefit,
            reasons=self.reasons,
        )


# Put into words when one is told: a till asks about many benefits at once.
_WORDS = {
    "member_not_active": gettext_lazy("The member is blocked, merged or erased."),
    "tier": gettext_lazy("The member’s tier does not have this benefit."),
    "condition": gettext_lazy("The benefit is for members of whom something else holds."),
    "not_begun": gettext_lazy("The benefit cannot be used yet."),
    "over": gettext_lazy("The time of the benefit is over."),
    "not_granted": gettext_lazy("The benefit has to be granted first, and was not granted to this member."),
    "used_up": gettext_lazy("The member has used all of it."),
    "none_left": gettext_lazy("There are none left."),
    "budget": gettext_lazy("The budget of the member’s tier does not reach."),
    "coupons": gettext_lazy("The coupons it brings cannot be issued."),
}


def refusal_words(code: str) -> str:
    """Why a benefit cannot be used, in a sentence."""
    return str(_WORDS[code])


class UnknownBenefitUse(LaokeError):
    """No use of a benefit has this number."""

    code, status, title = "unknown-benefit-use", 404, "There is no such use of a benefit"

    def __init__(self) -> None:
        super().__init__(_("No use of a benefit has this number. Check it and try again."))


class CannotUndo(LaokeError):
    """A use of a benefit cannot be taken back; `reason` says why: coupon_used, points_spent, code_settled."""

    code, status, title = "cannot-undo-benefit-use", 409, "The use cannot be undone"

    def __init__(self, reason: str) -> None:
        super().__init__(
            {
                "coupon_used": _("A coupon that came with it was used."),
                "points_spent": _("The points that came with it were spent."),
                "code_settled": _("The code was settled with the partner."),
            }[reason],
            reason=reason,
        )


class CannotGrant(LaokeError):
    """A benefit cannot be granted like this; `reason` says why: by_status, over, member_not_active, tier."""

    code, status, title = "cannot-grant-benefit", 409, "The benefit cannot be granted"

    def __init__(self, reason: str) -> None:
        super().__init__(
            {
                "by_status": _("This benefit is not granted: members have it by their tier."),
                "over": _("The time of the benefit is over."),
                "member_not_active": _("The member is blocked, merged or erased."),
                "tier": _("The member’s tier does not have this benefit."),
            }[reason],
            reason=reason,
        )


class UnknownGrant(LaokeError):
    """No grant of a benefit has this number."""

    code, status, title = "unknown-benefit-grant", 404, "There is no such grant"

    def __init__(self) -> None:
        super().__init__(_("No grant of a benefit has this number. Check it and try again."))


class BadPartnerCodes(LaokeError):
    """A list of codes of a partner cannot be imported; nothing of it was. `rows` says which and why."""

    code, status, title = "bad-partner-codes", 422, "The codes cannot be imported"

    def __init__(self, rows: Sequence[tuple[int, str]]) -> None:
        words = {
            "empty": _("is empty or longer than 200 characters"),
            "twice": _("stands in the list twice"),
            "known": _("is in the pool already"),
            "expired": _("would have expired already"),
        }
        super().__init__(
            "; ".join(
                _("line %(line)s %(why)s") % {"line": line, "why": words[reason]}
                for line, reason in rows[:10]
            ),
            rows=[{"line": line, "reason": reason} for line, reason in rows[:1000]],
        )


class NotAPartnerBenefit(LaokeError):
    """Codes belong to benefits of the kind `partner_code` only."""

    code, status, title = "not-a-partner-benefit", 409, "The benefit has no codes"

    def __init__(self, key: str) -> None:
        super().__init__(_("%(key)s is no benefit of a partner: it has no codes.") % {"key": key[:64]})
