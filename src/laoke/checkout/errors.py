"""What a till can be refused for."""

from __future__ import annotations

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


class WrongCurrency(LaokeError):
    """The programme counts in one currency; this order is in another."""

    code, status, title = "wrong-currency", 422, "The currency is not the programme's"


class ClockInFuture(LaokeError):
    """The instant given lies ahead of the server's clock."""

    code, status, title = "clock-in-future", 422, "The time lies in the future"


class TendersDoNotSum(LaokeError):
    """The means of payment do not sum to the amount to be paid with money."""

    code, status, title = "tenders-do-not-sum", 422, "The payments do not sum to the amount due"


class OrderExists(LaokeError):
    """The store has used this order number before, under another idempotency key."""

    code, status, title = "order-exists", 409, "The order number is taken"


class UnknownOrder(LaokeError):
    """No order has this id or number."""

    code, status, title = "unknown-order", 404, "There is no such order"


class IdempotencyKeyReused(LaokeError):
    """The same key came with another request. A new intent needs a new key."""

    code, status, title = "idempotency-key-reused", 409, "The key was used for another request"


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
