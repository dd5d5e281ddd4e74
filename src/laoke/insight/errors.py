"""What the analytics refuse, each with the sentence that says how to mend it."""

from __future__ import annotations

from laoke.kernel.errors import LaokeError


class LakeNotFound(LaokeError):
    """A relation of the lake has no file: the export has not run, or the folder is another one."""

    code, status, title = "lake-not-found", 503, "The analytics files are not there"


class LakeSchemaMismatch(LaokeError):
    """A relation lacks a column, or a column has another type than the lake declares."""

    code, status, title = "lake-schema-mismatch", 500, "The analytics files have another shape than expected"


class LakeContradiction(LaokeError):
    """The files have the right shape but cannot be true: a member twice, or several currencies in one sum."""

    code, status, title = "lake-contradiction", 500, "The analytics files contradict themselves"


class InvalidClassPolicy(LaokeError):
    """Thresholds that could not put every member into exactly one class, or that no member could meet."""

    code, status, title = "invalid-class-policy", 422, "These class thresholds do not work"
