"""Refusals around the month-end."""

from __future__ import annotations

from datetime import date

from laoke.kernel.errors import LaokeError


class MonthNotOver(LaokeError):
    """A month is closed when it is over in the programme's time zone."""

    code, status, title = "month-not-over", 409, "The month is not over"

    def __init__(self, month: date) -> None:
        super().__init__(f"{month:%Y-%m} still runs, or has not begun.", field="month")


class MonthOutOfOrder(LaokeError):
    """Months are closed one after the other, and reopened from the newest on."""

    code, status, title = "month-out-of-order", 409, "Another month comes first"

    def __init__(self, expected: date) -> None:
        super().__init__(f"{expected:%Y-%m} comes first.", field="month")


class MonthNotClosed(LaokeError):
    """The month has not been closed, or was reopened."""

    code, status, title = "month-not-closed", 404, "The month is not closed"

    def __init__(self, month: date | None) -> None:
        super().__init__(
            f"{month:%Y-%m} is not closed." if month else "No month has been closed yet.", field="month"
        )


class NotReconciled(LaokeError):
    """Postings, lots and accounts differ: nothing is closed on books that do not hold."""

    code, status, title = "not-reconciled", 409, "The ledger does not reconcile"

    def __init__(self, lots: int, accounts: int, debts: int) -> None:
        super().__init__(
            f"Postings and lots differ by {lots} points, postings and balances by {accounts}, postings and debts by "
            f"{debts}. `laoke check` names the places.",
            lots=lots,
            accounts=accounts,
            debts=debts,
        )
