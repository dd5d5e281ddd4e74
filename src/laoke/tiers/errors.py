"""Refusals around tiers."""

from __future__ import annotations

from django.utils.translation import gettext as _

from laoke.kernel.errors import LaokeError


class TierNotAssigned(LaokeError):
    """A tier is not given, or not taken back, for the reason that `reason` names."""

    code, status, title = "tier-not-assigned", 409, "The tier was not assigned"

    def __init__(self, reason: str) -> None:
        super().__init__(
            {
                "unknown_tier": _("The ladder has no tier of this code."),
                "not_higher": _("The member has this tier or a higher one already."),
                "assigned_otherwise": _(
                    "The member has a tier that was assigned in another way. Take it back first."
                ),
                "tried_before": _("The member has tried this tier before: a tier is tried once."),
                "member_not_active": _("The member is blocked."),
                "day_passed": _("The last day has passed."),
                "no_end": _("A trial needs a last day."),
                "nothing_assigned": _("The member has no tier that was assigned."),
                "sold": _("The tier was sold: undo its purchase."),
                "not_for_sale": _("The tier is not for sale."),
                "reference_taken": _("The reference stands for another purchase of a tier."),
                "not_in_force": _("The tier that was bought is not in force any more."),
            }[reason],
            reason=reason,
        )


class UnknownTierSale(LaokeError):
    """No tier was sold under this number."""

    code, status, title = "unknown-tier-sale", 404, "There is no such purchase of a tier"


class UnknownPreview(LaokeError):
    """There is no preview of a ladder of this number."""

    code, status, title = "unknown-tier-preview", 404, "There is no such preview of a ladder"


class PreviewOutdated(LaokeError):
    """A preview of a ladder is not what would happen any more, for the reason that `reason` names."""

    code, status, title = "tier-preview-outdated", 409, "The preview of the ladder is outdated"

    def __init__(self, reason: str, **numbers: int) -> None:
        super().__init__(
            {
                "ladder": _("Another ladder was published since. Preview it again."),
                "age": _("It is older than seven days. Preview it again."),
                "members": _("Too many members would move otherwise by now. Preview it again."),
            }[reason],
            reason=reason,
            **numbers,
        )
