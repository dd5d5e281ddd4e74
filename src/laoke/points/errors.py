"""Refusals around points."""

from __future__ import annotations

from django.utils.translation import gettext as _

from laoke.kernel.errors import LaokeError


class BadAdjustment(LaokeError):
    """An adjustment gives or takes points; it cannot be of none, nor of more than anybody has."""

    code, status, title = "bad-adjustment", 422, "The adjustment cannot be made"

    def __init__(self, largest: int) -> None:
        super().__init__(
            _("An adjustment gives 1 to %(largest)s points, or takes as many (a negative number).")
            % {"largest": largest},
            field="points",
        )
