"""Refusals of the points mall."""

from __future__ import annotations

from django.utils.translation import gettext as _

from laoke.kernel.errors import LaokeError


class UnknownItem(LaokeError):
    """Nothing of this key is given for points now."""

    code, status, title = "unknown-mall-item", 404, "There is no such thing in the points mall"

    def __init__(self, key: str) -> None:
        super().__init__(
            _("There is nothing called %(key)s in the points mall.") % {"key": key[:64]}, field="item"
        )


class ItemRefused(LaokeError):
    """The member cannot have it for points now; `reason` says why: tier, condition, not_begun, over, none_left,
    member_limit, coupons, store_missing, no_store.
    """

    code, status, title = "mall-item-refused", 409, "It cannot be had for points now"

    def __init__(self, item: str, reason: str) -> None:
        super().__init__(
            {
                "tier": _("It is not for the member’s tier."),
                "condition": _("It is for members of whom something else holds."),
                "not_begun": _("It cannot be had yet."),
                "over": _("Its time is over."),
                "none_left": _("There are none left."),
                "member_limit": _("The member has had as many as one member may have."),
                "coupons": _("The coupons it brings cannot be issued."),
                "store_missing": _("Goods are collected: say at which store."),
                "no_store": _("Only goods are collected at a store."),
            }[reason],
            item=item,
            reason=reason,
        )
        self.reason = reason


class UnknownMallOrder(LaokeError):
    """No order of the points mall has this number."""

    code, status, title = "unknown-mall-order", 404, "There is no such order for points"

    def __init__(self) -> None:
        super().__init__(_("No order of the points mall has this number. Check it and try again."))


class WrongMallState(LaokeError):
    """The order for points is at another step; `state` says at which."""

    code, status, title = "wrong-mall-state", 409, "The order is at another step"

    def __init__(self, state: str) -> None:
        super().__init__(
            {
                "reserved": _("The order is not ready to be collected yet."),
                "ready": _("The order is ready already."),
                "collected": _("The order was collected."),
                "done": _("The order is done and cannot be changed."),
                "cancelled": _("The order was cancelled."),
                "coupon_used": _("A coupon that came with it was used."),
                "charity": _("A donation is not taken back."),
            }[state],
            state=state,
        )
