"""Refusals around paid memberships."""

from __future__ import annotations

from django.utils.translation import gettext as _

from laoke.kernel.errors import LaokeError


class UnknownPlan(LaokeError):
    """The programme has no plan of this code."""

    code, status, title = "unknown-plan", 404, "There is no such plan"

    def __init__(self, code: str) -> None:
        super().__init__(
            _("There is no plan %(code)s. Plans are published with the programme.") % {"code": code[:64]},
            field="plan",
        )


class UnknownMembership(LaokeError):
    """No paid membership has this number."""

    code, status, title = "unknown-membership", 404, "There is no such paid membership"


class MembershipRefused(LaokeError):
    """A paid membership is not begun or changed, for the reason that `reason` names."""

    code, status, title = "membership-refused", 409, "The paid membership cannot be changed like this"

    def __init__(self, reason: str, **numbers: int | str | None) -> None:
        super().__init__(
            {
                "not_on_sale": _("The plan is not on sale."),
                "running": _("The member has a paid membership that runs. Renew it or upgrade it."),
                "ended": _("The membership has ended. Begin another one."),
                "no_trial": _("The plan has no trial."),
                "tried_before": _("The member has had a trial before: there is one for each member."),
                "not_higher": _("The member has this tier or a higher one already."),
                "in_future": _("The payment is dated in the future."),
                "too_late": _("The days that were paid are over, or the payment is older than three months."),
                "too_far": _("Paid memberships end within ten years."),
                "reference_taken": _("The reference stands for something else."),
                "not_dearer": _("An upgrade leads to a dearer plan with the same tier or a higher one."),
                "amount": _("Another sum is due now."),
                "nothing_back": _("Nothing comes back. Cancel the membership instead."),
            }[reason],
            reason=reason,
            **numbers,
        )
        self.reason = reason
