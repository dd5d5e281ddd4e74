"""Masks: enough to recognise whom one knows already, too little to learn who it is.

Names keep the first and, from three characters on, the last character (陈*桐, 王*), or the initials where words
are written apart (J*** S***). Numbers always hide at least four characters.
"""

from __future__ import annotations

from laoke.members.normal.scripts import is_unspaced

HIDDEN_AT_LEAST = 4
# A mask is read at a glance: more words than this say nothing more.
MOST_WORDS = 4
LONGEST_EMAIL_MASK = 80


def mask_name(name: str) -> str:
    """Mask a cleaned name; "" stays ""."""
    if not name:
        return ""
    joined = "".join(name.split())
    if all(is_unspaced(letter) or letter in "·・" for letter in joined):
        return _mask_unspaced(joined)
    return " ".join(f"{word[0]}***" for word in name.split()[:MOST_WORDS])


def _mask_unspaced(name: str) -> str:
    if len(name) == 1:
        return "*"
    if len(name) == 2:
        return f"{name[0]}*"
    return f"{name[0]}{'*' * (len(name) - 2)}{name[-1]}"


def mask_phone(national: str, country_code: str = "") -> str:
    """Mask a national number: 138 **** 6217; `country_code` ("+49") goes in front of numbers from abroad."""
    head = min(3, max(0, len(national) - HIDDEN_AT_LEAST - 4))
    parts = (country_code, national[:head], "****", _tail(national))
    return " ".join(part for part in parts if part)


def mask_code(code: str) -> str:
    """Mask a card number or an external id: **** 8213."""
    return f"**** {_tail(code)}".rstrip()


def mask_email(email: str) -> str:
    """Mask an e-mail address: j***@example.com; the end of an overlong domain is kept."""
    local, _, domain = email.partition("@")
    room = LONGEST_EMAIL_MASK - len("j***@…")
    return f"{local[0]}***@{domain if len(domain) <= room else '…' + domain[-room:]}"


def _tail(code: str) -> str:
    shown = min(4, max(0, len(code) - HIDDEN_AT_LEAST))
    return code[len(code) - shown :]
