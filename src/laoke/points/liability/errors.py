"""Refusals around the month-end."""

from __future__ import annotations

from datetime import date

from django.utils.translation import gettext as _

from laoke.kernel.errors import LaokeError


class MonthNotOver(LaokeError):
    """A month is closed when it is over in the programme's time zone."""

    code, status, title = "month-not-over", 409, "The month is not over"

    def __init__(self, month: date) -> None:
        super().__init__(
            _("%(month)s still runs, or has not begun.") % {"month": f"{month:%Y-%m}"}, field="month"
        )


class MonthOutOfOrder(LaokeError):
    """Months are closed one after the other, and reopened from the newest on."""

    code, status, title = "month-out-of-order", 409, "Another month comes first"

    def __init__(self, expected: date) -> None:
        super().__init__(_("%(month)s comes first.") % {"month": f"{expected:%Y-%m}"}, field="month")


class MonthNotClosed(LaokeError):
    """The month has not been closed, or was reopened."""

    code, status, title = "month-not-closed", 404, "The month is not closed"

    def __init__(self, month: date | None) -> None:
        if month:
            detail = _("%(month)s is not closed.") % {"month": f"{month:%Y-%m}"}
        else:
            detail = _("No month has been closed yet.")
        super().__init__(detail, field="month")


class NotReconciled(LaokeError):
    """Postings, lots and accounts differ: nothing is closed on books that do not hold."""

    code, status, title = "not-reconciled", 409, "The ledger does not reconcile"

    def __init__(self, lots: int, accounts: int, debts: int) -> None:
        super().__init__(
            _(
                "Postings and lots differ by %(lots)s points, postings and balances by %(accounts)s, postings and "
                "debts by %(debts)s. `laoke check` names the places."
            )
            % {"lots": lots, "accounts": accounts, "debts": debts},
            lots=lots,
            accounts=accounts,
            debts=debts,
        )


class NoCurve(LaokeError):
    """The close does not hold what a forecast starts from."""

    code, status, title = "no-forecast", 409, "No forecast from this month"

    def __init__(self, month: date) -> None:
        super().__init__(
            _(
                "%(month)s was closed before forecasts were kept. Forecasts start from a month closed later, or from "
                "this one closed anew."
            )
            % {"month": f"{month:%Y-%m}"},
            field="month",
        )


class MonthRequested(LaokeError):
    """One month at a time is closed or reopened."""

    code, status, title = "month-requested", 409, "Another request is open"

    def __init__(self) -> None:
        super().__init__(_("A request to close or reopen a month is open already. Decide that one first."))


class UnknownMonthRequest(LaokeError):
    """No such request."""

    code, status, title = "unknown-month-request", 404, "No such request"

    def __init__(self) -> None:
        super().__init__(_("There is no request with this number."))


class MonthRequestDecided(LaokeError):
    """The request was decided or taken back."""

    code, status, title = "month-request-decided", 409, "No longer waiting"

    def __init__(self) -> None:
        super().__init__(_("This request is no longer waiting: it was decided or taken back."))


class OwnMonthRequest(LaokeError):
    """Whoever asked for it does not let it pass."""

    code, status, title = "own-month-request", 403, "Somebody else has to decide"

    def __init__(self) -> None:
        super().__init__(_("You asked for this yourself. Somebody else has to let it pass."))
