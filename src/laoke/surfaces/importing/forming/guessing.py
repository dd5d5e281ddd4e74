"""Guesses at what the columns of a file are: by their names in Chinese and English, and by what stands in them.

A guess is a proposal: the form shows it beside the rows it was made from, and the person decides.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from importlib import resources

import yaml

from laoke.surfaces.importing.fields import IDENTITIES, Kind, Takes
from laoke.surfaces.importing.forming.choices import CREATABLE, CREATED_UNASKED, ISSUED, Choices, shown_fields

# The first word of a field is the likeliest.
_WORDS: dict[str, list[str]] = yaml.safe_load(
    resources.files("laoke.surfaces.importing.forming").joinpath("words.yaml").read_text("utf-8")
)
_CONSENT_WORDS = {
    "sms": (
        "短信营销",
        "接收短信",
        "短信同意",
        "同意短信",
        "短信订阅",
        "smsconsent",
        "smsoptin",
        "smsmarketing",
    ),
    "email": ("邮件营销", "接收邮件", "邮件订阅", "emailconsent", "emailoptin", "emailmarketing"),
    "wechat": ("微信营销", "接收微信", "微信同意", "wechatconsent", "wechatoptin"),
}
_FORMATS = (
    "%Y/%m/%d %H:%M:%S", "%Y/%m/%d %H:%M", "%Y/%m/%d", "%Y.%m.%d %H:%M:%S", "%Y.%m.%d %H:%M", "%Y.%m.%d",
    "%Y年%m月%d日 %H:%M:%S", "%Y年%m月%d日 %H:%M", "%Y年%m月%d日", "%Y%m%d%H%M%S", "%Y%m%d %H:%M:%S", "%Y%m%d",
    "%d/%m/%Y %H:%M:%S", "%d/%m/%Y %H:%M", "%d/%m/%Y", "%m/%d/%Y %H:%M:%S", "%m/%d/%Y %H:%M", "%m/%d/%Y",
    "%d.%m.%Y %H:%M:%S", "%d.%m.%Y %H:%M", "%d.%m.%Y", "%d-%m-%Y %H:%M:%S", "%d-%m-%Y %H:%M", "%d-%m-%Y",
)  # fmt: skip
FORMATS = (*_FORMATS, "epoch_s", "epoch_ms")
_ISO = re.compile(r"\d{4}-\d\d-\d\d([ T]\d\d:\d\d(:\d\d(\.\d+)?)?( ?(Z|[+-]\d\d(:?\d\d)?))?)?")
_PHONE = re.compile(r"(\+?86)?[ -]?1[3-9]\d[ -]?\d{4}[ -]?\d{4}")
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_NUMBER = re.compile(r"[-+]?[\d.,]+")
_COMMA_DECIMAL = re.compile(r"-?(\d{1,3}(\.\d{3})+|\d+),\d{1,2}")
_COMMA_THOUSANDS = re.compile(r"-?\d{1,3}(,\d{3})+(\.\d+)?")
_IN_MINOR = re.compile(r"[(（]分[)）]|_fen$|_cents?$|_minor$", re.IGNORECASE)
_MEMBER_KINDS = (
    ("phone", ("手机", "电话", "phone", "mobile")),
    ("wechat_unionid", ("unionid",)),
    ("wechat_openid", ("openid",)),
    ("email", ("邮箱", "mail")),
    ("card", ("卡", "card", "会员", "member")),
)
_MOST = 0.8

Rows = Sequence[Sequence[str]]


def guess(kind: Kind, columns: Sequence[str], rows: Rows, *, zone: str) -> Choices:
    """Propose how a file is to be read. Nothing is claimed that neither names nor contents suggest."""
    found = _by_name(kind, columns)
    _by_content(kind, columns, rows, found)
    choices = Choices(
        kind,
        columns=found,
        zone=zone,
        create=tuple(name for name in CREATABLE[kind] if name in CREATED_UNASKED),
    )
    return _numbers(_times(_identities(choices, columns, rows), columns, rows), columns, rows)


def looks_headless(columns: Sequence[str]) -> bool:
    """Whether the first row holds values instead of names."""
    given = [name for name in columns if name]
    if not given or any(_plain(name) in words for name in given for words in _WORDS.values()):
        return False
    values = [name for name in given if _is_value(name)]
    return len(values) * 2 >= len(given)


def _is_value(text: str) -> bool:
    return any(form.fullmatch(text) for form in (_NUMBER, _ISO, _PHONE, _EMAIL)) or bool(
        re.fullmatch(r"\d{1,4}[/.]\d{1,2}[/.]\d{1,4}( \d\d?:\d\d(:\d\d)?)?", text)
    )


def _by_name(kind: Kind, columns: Sequence[str]) -> dict[str, str]:
    usable = [name for name in columns if name and list(columns).count(name) == 1]
    # Every pair that fits, the best first: a whole name before a part of one, an earlier word before a later.
    fits = []
    for order, each in enumerate(shown_fields(kind)):
        words = _WORDS.get(each.name, ())
        for name in usable:
            plain = _plain(name)
            for rank, word in enumerate(words):
                if plain == word:
                    fits.append((0, rank, order, each.name, name))
                elif len(word) > 2 and word in plain and len(plain) <= len(word) + 6:
                    fits.append((1, rank, order, each.name, name))
    found: dict[str, str] = {}
    for _whole, _rank, _order, field, name in sorted(fits):
        if field not in found and name not in found.values():
            found[field] = name
    return found


def _by_content(kind: Kind, columns: Sequence[str], rows: Rows, found: dict[str, str]) -> None:
    if kind is not Kind.MEMBERS:
        return
    for field, form in (("phone", _PHONE), ("email", _EMAIL)):
        if field in found:
            continue
        for place, name in enumerate(columns):
            if name and name not in found.values() and _mostly(_cells(rows, place), form):
                found[field] = name
                break


def _identities(choices: Choices, columns: Sequence[str], rows: Rows) -> Choices:
    if choices.kind is Kind.MEMBERS:
        issuers = {name: "shop" for name in ISSUED if name in choices.columns}
        usable = {_plain(name): name for name in columns if name}
        consents = {
            channel: usable[word]
            for channel, words in _CONSENT_WORDS.items()
            for word in words
            if word in usable
        }
        return replace(choices, issuers=issuers, consents=consents)
    name = choices.columns.get("member")
    if choices.kind is not Kind.ORDERS or name is None:
        return choices
    cells = _cells(rows, columns.index(name))
    if _mostly(cells, _PHONE):
        return replace(choices, member_kind="phone")
    plain = _plain(name)
    kind = next(
        (kind for kind, words in _MEMBER_KINDS if any(word in plain for word in words)), "shop_account"
    )
    assert kind in IDENTITIES
    return replace(choices, member_kind=kind, member_issuer="shop" if kind in ISSUED else "")


def _times(choices: Choices, columns: Sequence[str], rows: Rows) -> Choices:
    names = [
        choices.columns[each.name]
        for each in shown_fields(choices.kind)
        if each.takes in {Takes.INSTANT, Takes.DAY} and each.name in choices.columns
    ]
    if not names:
        return choices
    cells = _cells(rows, columns.index(names[0]))
    days_only = bool(cells) and not any(":" in cell for cell in cells)
    form = "" if not cells or all(_ISO.fullmatch(cell) for cell in cells) else _format(cells)
    day_at = "12:00" if choices.kind is Kind.ORDERS and days_only and not form.startswith("epoch") else ""
    if "%H" in form:
        day_at = ""
    return replace(choices, time_format=form, day_at=day_at)


def _format(cells: Sequence[str]) -> str:
    if all(re.fullmatch(r"\d{10}", cell) for cell in cells):
        return "epoch_s"
    if all(re.fullmatch(r"\d{13}", cell) for cell in cells):
        return "epoch_ms"
    return next((form for form in _FORMATS if all(_reads(cell, form) for cell in cells)), "")


def _reads(cell: str, form: str) -> bool:
    try:
        found = datetime.strptime(cell, form)  # noqa: DTZ007 (only whether it can be read)
    except ValueError:
        return False
    return 1900 <= found.year <= 2100


def _numbers(choices: Choices, columns: Sequence[str], rows: Rows) -> Choices:
    names = [
        choices.columns[each.name]
        for each in shown_fields(choices.kind)
        if each.takes is Takes.MONEY and each.name in choices.columns
    ]
    cells = [cell for name in names for cell in _cells(rows, columns.index(name))]
    if any(_IN_MINOR.search(name) for name in names):
        choices = replace(choices, money="minor")
    if any(_COMMA_DECIMAL.fullmatch(cell) and not _COMMA_THOUSANDS.fullmatch(cell) for cell in cells):
        return replace(choices, decimal=",", thousands=".")
    if any(_COMMA_THOUSANDS.fullmatch(cell) for cell in cells):
        return replace(choices, thousands=",")
    return choices


def _plain(name: str) -> str:
    """A name without case, spaces and signs; what stands in brackets behind it is a unit."""
    name = re.sub(r"[(（\[【].*$", "", name.strip()) or name
    return re.sub(r"[\W_]+", "", name.lower())


def _cells(rows: Rows, place: int) -> list[str]:
    return [cell for row in rows if place < len(row) and (cell := row[place].strip())]


def _mostly(cells: Iterable[str], form: re.Pattern[str]) -> bool:
    given = list(cells)
    return bool(given) and sum(bool(form.fullmatch(cell)) for cell in given) >= _MOST * len(given)
