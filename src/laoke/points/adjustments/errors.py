"""Refusals around adjustments by hand."""

from __future__ import annotations

from django.utils.translation import gettext as _

from laoke.kernel.errors import LaokeError


class AboveLimit(LaokeError):
    """More than this role may give or take alone: a second person has to let it pass."""

    code, status, title = "above-limit", 403, "This needs a second person"

    def __init__(self, each: int | None, left_today: int | None) -> None:
        if each is not None:
            detail = _("Alone you may adjust at most %(each)s points at once. Ask for it to be reviewed.") % {
                "each": f"{each:,}"
            }
        else:
            detail = _("Alone you may adjust %(left)s more points today. Ask for it to be reviewed.") % {
                "left": f"{left_today:,}"
            }
        super().__init__(detail, field="points", each=each, left_today=left_today)


class WithinLimit(LaokeError):
    """What one may do alone is done at once: nobody has to look at it."""

    code, status, title = "within-limit", 409, "This needs no second person"

    def __init__(self) -> None:
        super().__init__(_("You may make this adjustment alone: it needs no review."))


class UnknownAdjustment(LaokeError):
    """No such adjustment."""

    code, status, title = "unknown-adjustment", 404, "No such adjustment"

    def __init__(self) -> None:
        super().__init__(_("There is no adjustment with this number."))


class AdjustmentDecided(LaokeError):
    """The request was booked, refused or taken back, or nobody decided it in time."""

    code, status, title = "adjustment-decided", 409, "No longer waiting"

    def __init__(self) -> None:
        super().__init__(
            _("This request is no longer waiting: it was decided or taken back, or its time is over.")
        )


class OwnAdjustment(LaokeError):
    """Whoever asked for points does not let them pass."""

    code, status, title = "own-adjustment", 403, "Somebody else has to decide"

    def __init__(self) -> None:
        super().__init__(_("You asked for this yourself. Somebody else has to let it pass."))


class RequestsOpen(LaokeError):
    """Adjustments of the month still wait for a second person."""

    code, status, title = "requests-open", 409, "Adjustments wait for a decision"

    def __init__(self, count: int) -> None:
        super().__init__(
            _("%(count)s adjustments asked for in this month still wait. Decide them first.")
            % {"count": count},
            count=count,
        )


class BadFile(LaokeError):
    """A file of adjustments that cannot be read as one."""

    code, status, title = "bad-adjustment-file", 422, "The file cannot be used"
