"""Refusals around plans."""

from __future__ import annotations

from django.utils.translation import gettext

from laoke.kernel.errors import LaokeError


class BadTarget(LaokeError):
    """A plan that cannot be followed: unknown metric, no way from baseline to target, or an impossible period."""

    code, status, title = "bad-target", 422, "This target does not work"

    def __init__(self, field: str, detail: str) -> None:
        super().__init__(detail, field=field)


class TargetChanged(LaokeError):
    """Somebody set or removed the target in the meantime."""

    code, status, title = "target-changed", 409, "The target was changed meanwhile"

    def __init__(self, metric: str) -> None:
        super().__init__(
            gettext("Somebody changed this target in the meantime. Check it before you go on."),
            metric=metric,
        )
