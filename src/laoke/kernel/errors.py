"""The root of every expected refusal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar


class LaokeError(Exception):
    """An expected refusal. Each subclass is one documented problem type (RFC 9457).

    `code` is the stable word callers branch on, `status` the HTTP status, `title` a short English title;
    `extensions` are plain JSON values that go into the problem response beside the detail. Nothing in them
    may be personal data: problems are logged.
    """

    code: ClassVar[str] = "refused"
    status: ClassVar[int] = 400
    title: ClassVar[str] = "The request was refused"

    def __init__(self, detail: str = "", **extensions: object) -> None:
        super().__init__(detail or self.title)
        self.extensions: Mapping[str, object] = extensions

    @property
    def detail(self) -> str:
        """The sentence for a person: what is wrong and, where possible, how to mend it."""
        return str(self.args[0])
