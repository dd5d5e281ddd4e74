"""Codes of coupons: made so that nobody guesses one, written so that nobody misreads one.

31 characters, without 0, 1, I, O and U: each carries 4.95 bits, so the 15 of a usual code carry 74, besides the last
one, which checks the others. The alphabet's size is a prime number, so the check (a weighted sum) finds every single
wrong character and every two that changed places.
"""

from __future__ import annotations

import math
import secrets

from laoke.foundation.vault import Vault

ALPHABET = "23456789ABCDEFGHJKLMNPQRSTVWXYZ"
LENGTH = 15
SHORTEST, LONGEST = 13, 24
PURPOSE = "coupon.code"
_VALUES = {character: value for value, character in enumerate(ALPHABET)}
_GROUP = 4


def make(prefix: str = "", length: int = LENGTH) -> str:
    """A new code: a prefix that is the same for all, random characters, and the check character."""
    body = prefix + "".join(secrets.choice(ALPHABET) for _ in range(length))
    return body + check(body)


def check(body: str) -> str:
    """The character that checks the others. Weights go from 1 to 30 and begin anew: the 31st would be none."""
    prime = len(ALPHABET)
    return ALPHABET[sum((place % (prime - 1) + 1) * _VALUES[each] for place, each in enumerate(body)) % prime]


def is_whole(code: str) -> bool:
    """Whether a code, as `plain` gives it, could be one of ours: known characters only, and the last one fits."""
    return len(code) > SHORTEST and all(each in _VALUES for each in code) and check(code[:-1]) == code[-1]


def plain(text: str) -> str:
    """A code as it is compared: without spaces and hyphens, in capitals."""
    return "".join(each for each in text.strip().upper() if not each.isspace() and each != "-")


def grouped(code: str) -> str:
    """A code as it is printed and read out: in groups of four. One of another form stays as it is."""
    if not is_whole(code):
        return code
    return "-".join(code[at : at + _GROUP] for at in range(0, len(code), _GROUP))


def masked(code: str) -> str:
    """The end of a code, to tell coupons apart."""
    return f"····{code[-4:]}"


def bits(length: int) -> float:
    """How many bits of chance so many characters carry."""
    return length * math.log2(len(ALPHABET))


def index(vault: Vault, text: str) -> bytes:
    """What a code is looked up by."""
    return vault.blind(plain(text), PURPOSE)


def seal(vault: Vault, code: str) -> bytes:
    """A code as it is kept."""
    return vault.seal(code, PURPOSE)


def unseal(vault: Vault, sealed: bytes | memoryview) -> str:
    """The code that was sealed."""
    return vault.unseal(sealed, PURPOSE)
