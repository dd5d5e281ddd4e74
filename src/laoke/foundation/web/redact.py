"""Taking personal data out of what is about to be logged.

The rule is not to log any. This is the second line: it looks at names of fields and at the shape of texts, and
errs towards taking too much.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

HIDDEN = "[hidden]"

# fmt: off
_PERSONAL_WORDS = frozenset(
    {
        "phone", "mobile", "tel", "telephone", "name", "nickname", "email", "mail",
        "address", "addr", "card", "cardno", "idcard", "identity", "birth", "birthday",
        "birthdate", "openid", "unionid", "secret", "password", "passwd", "pwd", "token",
        "authorization", "auth", "cookie", "cookies", "session", "signature", "body", "payload",
        "headers", "request", "query", "querystring",
    }
)
# fmt: on
# Fields of ours and of libraries whose names only look personal.
_HARMLESS = frozenset(
    {
        "logger_name",
        "task_name",
        "worker_name",
        "queue_name",
        "hostname",
        "func_name",
        "filename",
        "request_id",
    }
)
_WORDS = re.compile(r"[A-Z]?[a-z0-9]+|[A-Z]+")
# Hex digits and dashes around a run make it part of an id (a UUID, a request id), not a number of a person.
_LONG_NUMBER = re.compile(r"(?<![0-9a-fA-F-])\+?\d{7,}(?![0-9a-fA-F-])")
_GROUPED_PHONE = re.compile(r"(?<!\d)1[3-9]\d[ -]\d{4}[ -]\d{4}(?!\d)")
_EMAIL = re.compile(r"[^\s@'\"<>(),;:=]+@[^\s@'\"<>(),;:=]+\.[A-Za-z]{2,}")
# PostgreSQL quotes values in these parts of a message: "DETAIL: Key (phone)=(138...)", "LINE 1: insert ...".
_QUOTED_BY_DATABASE = re.compile(r"^(\s*)(DETAIL|LINE \d+|CONTEXT|QUERY|STATEMENT):.*$", re.MULTILINE)
_BIGGEST_PLAIN_NUMBER = 10**10  # seconds since 1970 fit below, telephone numbers do not


def field(name: str, value: object) -> object:
    """The value of a log field as it may be logged, whatever it contains."""
    if name not in _HARMLESS and not _PERSONAL_WORDS.isdisjoint(
        word.lower() for word in _WORDS.findall(name)
    ):
        return HIDDEN if value not in (None, "") else value
    return plain(value)


def plain(value: object) -> object:
    """A value of no name: texts scrubbed, containers walked, unknown objects named by their type only."""
    if value is None or isinstance(value, bool | float):
        return value
    if isinstance(value, int):
        return value if abs(value) < _BIGGEST_PLAIN_NUMBER else HIDDEN
    if isinstance(value, str):
        return text(value)
    if isinstance(value, Mapping):
        return {str(key): field(str(key), item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(item) for item in value]
    if isinstance(value, BaseException):
        return f"{type(value).__name__}: {text(str(value))}"
    return text(str(value))


def text(content: str) -> str:
    """A text without long numbers, telephone numbers, mail addresses and values quoted by the database."""
    content = _QUOTED_BY_DATABASE.sub(rf"\1\2: {HIDDEN}", content)
    content = _EMAIL.sub(HIDDEN, content)
    content = _GROUPED_PHONE.sub(HIDDEN, content)
    return _LONG_NUMBER.sub(HIDDEN, content)
