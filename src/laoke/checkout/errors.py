"""What a till can be refused for."""

from __future__ import annotations

from collections.abc import Sequence

from laoke.foundation.clock import ClockInFuture as ClockInFuture
from laoke.kernel.errors import LaokeError
from laoke.purchases.errors import UnknownChannel as UnknownChannel
from laoke.purchases.errors import UnknownOrder as UnknownOrder
from laoke.purchases.errors import UnknownProduct as UnknownProduct
from laoke.purchases.errors import UnknownStore as UnknownStore


class WrongCurrency(LaokeError):
    """The programme counts in one currency; this order is in another."""

    code, status, title = "wrong-currency", 422, "The currency is not the programme's"


class TendersDoNotSum(LaokeError):
    """The means of payment do not sum to the amount to be paid with money."""

    code, status, title = "tenders-do-not-sum", 422, "The payments do not sum to the amount due"


class HouseholdNotReplayed(LaokeError):
    """A past sale or return would move points of other people of a household."""

    code, status, title = "household-not-replayed", 409, "Points of a household are not replayed"


class OrderExists(LaokeError):
    """The store has used this order number before, under another idempotency key."""

    code, status, title = "order-exists", 409, "The order number is taken"


class QuoteExpired(LaokeError):
    """The quote's guarantee is over; ask for a new one."""

    code, status, title = "quote-expired", 409, "The quote is no longer valid"


class QuoteMismatch(LaokeError):
    """The order is not the basket that was quoted, or the quote was not made here."""

    code, status, title = "quote-mismatch", 409, "The quote belongs to another basket"


class MemberNotActive(LaokeError):
    """The member is blocked or erased and takes no part in the programme."""

    code, status, title = "member-not-active", 409, "The member is not active"


class ReturnExists(LaokeError):
    """The order already has a return of this number, under another idempotency key."""

    code, status, title = "return-exists", 409, "The return number is taken"


class OfferUsedUp(LaokeError):
    """An offer that the quote gave has meanwhile reached its limit; ask for a new quote."""

    code, status, title = "offer-used-up", 409, "The offer is used up"

    def __init__(self, keys: Sequence[str]) -> None:
        super().__init__(f"Nothing is left of {', '.join(keys)}", offers=list(keys))
        self.keys = tuple(keys)


class OfferStopped(LaokeError):
    """An offer that the quote gave was stopped in an emergency; ask for a new quote."""

    code, status, title = "offer-stopped", 409, "The offer was stopped"

    def __init__(self, keys: Sequence[str]) -> None:
        super().__init__(f"Stopped: {', '.join(keys)}", offers=list(keys))
