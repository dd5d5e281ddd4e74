"""Refusals around stores, channels, products and orders."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext as _

from laoke.kernel.errors import LaokeError


class UnknownStore(LaokeError):
    """No store, or no active one, has this code."""

    code, status, title = "unknown-store", 422, "There is no such store"


class UnknownChannel(LaokeError):
    """No sales channel has this code."""

    code, status, title = "unknown-channel", 422, "There is no such channel"


class UnknownProduct(LaokeError):
    """One or more lines name an article the catalogue does not have."""

    code, status, title = "unknown-product", 422, "There is no such product"


class UnknownOrder(LaokeError):
    """No order has this id or number."""

    code, status, title = "unknown-order", 404, "There is no such order"


class NoSuchEntry(LaokeError):
    """No store, channel, category or product has the code in the address."""

    code, status, title = "no-such-entry", 404, "There is no such entry"

    def __init__(self, kind: str, wanted: str) -> None:
        super().__init__(
            _("There is no %(kind)s with the code %(code)r") % {"kind": kind, "code": wanted[:60]}, kind=kind
        )


class DeliveryRefused(LaokeError):
    """The order cannot take this step now; `reason` says why: backwards, cancelled, done, before_previous."""

    code, status, title = "delivery-refused", 409, "The order cannot take this step"

    def __init__(self, detail: str, *, reason: str, current: str) -> None:
        super().__init__(detail, reason=reason, current=current)

    @classmethod
    def too_early(cls, at: datetime, previous: datetime, current: str) -> DeliveryRefused:
        """A step that lies before the one it follows."""
        return cls(
            f"{at.isoformat()} lies before the step at {previous.isoformat()}",
            reason="before_previous",
            current=current,
        )
