"""Refusals around events."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.translation import gettext as _

from laoke.kernel.errors import LaokeError


class UnknownActivity(LaokeError):
    """The programme pays for no such kind of event."""

    code, status, title = "unknown-activity", 422, "There is no such kind of event"

    def __init__(self, kind: str, known: Iterable[str]) -> None:
        super().__init__(
            _("The programme has no events of the kind “%(kind)s”; it has %(known)s.")
            % {"kind": kind[:40], "known": ", ".join(known) or "—"},
            field="kind",
        )


class ActivityTooLate(LaokeError):
    """The event happened longer ago than the programme takes events."""

    code, status, title = "activity-too-late", 409, "The event comes too late"

    def __init__(self, days: int) -> None:
        super().__init__(
            _("Events are taken up to %(days)s days after they happened.") % {"days": days}, late_days=days
        )


class BadActivity(LaokeError):
    """The event lacks what its kind needs, or says what its kind does not take."""

    code, status, title = "bad-activity", 422, "The event cannot be recorded"

    def __init__(self, detail: str, field: str) -> None:
        super().__init__(detail, field=field)


class ReferralRefused(LaokeError):
    """The friend cannot be referred; `reason` says why."""

    code, status, title = "referral-refused", 409, "The friend cannot be referred"

    def __init__(self, reason: str) -> None:
        says = {
            "same_person": _("Nobody refers themselves."),
            "same_household": _("The friend lives in the same household."),
            "has_bought": _("The friend has bought before."),
            "referred": _("The friend was referred before."),
        }
        super().__init__(says[reason], reason=reason)


class UnknownEvent(LaokeError):
    """No such event."""

    code, status, title = "unknown-event", 404, "There is no such event"

    def __init__(self, number: int) -> None:
        super().__init__(_("There is no event %(number)s.") % {"number": number}, event_id=number)
