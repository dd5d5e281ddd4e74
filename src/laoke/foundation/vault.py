"""Personal data at rest: sealing (AES-256-GCM) and blind indexes (HMAC-SHA256).

A sealed value is `version (1 byte) | key id (4 bytes) | nonce (12) | ciphertext and tag (length + 16)`. The key
id is a fingerprint of the key, so keys need no numbering: after a rotation new values carry the new id, and old
ones open with the old key for as long as it is kept. The purpose ("member.name", "identity.phone") is bound to
the ciphertext as associated data: a value copied into another field does not open there.

A blind index is a keyed hash: equal texts of one purpose have equal indexes, so that a phone number can be looked
up without being stored in clear. It hides the text from everybody without the key, and shows only that two rows
hold the same text.

Source: NIST SP 800-38D (GCM; with random nonces a key is good for 2**32 values), RFC 2104 (HMAC).
"""

from __future__ import annotations

import hashlib
import hmac
import os
from collections.abc import Sequence
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

from laoke.kernel.errors import LaokeError

VERSION = 1
KEY_BYTES = 32
_NONCE_BYTES = 12
_HEADER_BYTES = 1 + 4
_SHORTEST = _HEADER_BYTES + _NONCE_BYTES + 16


class SealedDataDamaged(LaokeError):
    """A sealed value was cut, altered, or moved here from another field."""

    code, status, title = "sealed-data-damaged", 500, "Personal data cannot be decrypted"

    def __init__(self, purpose: str) -> None:
        super().__init__(
            f"A value sealed as {purpose} was altered or does not belong to this field. "
            "Restore the row from a backup and look into who can write to the database.",
            purpose=purpose,
        )


class SealedWithOtherKey(LaokeError):
    """A sealed value needs a key that is not configured."""

    code, status, title = "sealed-with-other-key", 500, "Personal data cannot be decrypted"

    def __init__(self, purpose: str) -> None:
        super().__init__(
            f"A value sealed as {purpose} was sealed with another key than the ones configured. "
            "Set LAOKE_DATA_KEY to the key this database was filled with; it lies in secrets.json of its data "
            "folder unless the environment set it.",
            purpose=purpose,
        )


class Vault:
    """One set of keys, ready for use. Holds no state besides; safe to share between threads.

    Args:
        data_key: 32 bytes; seals.
        index_key: 32 bytes; makes the blind indexes. Cannot be rotated without indexing every row again.
        old_data_keys: keys that still open what they sealed, but seal nothing new.
    """

    def __init__(self, data_key: bytes, index_key: bytes, old_data_keys: Sequence[bytes] = ()) -> None:
        if any(len(key) != KEY_BYTES for key in (data_key, index_key, *old_data_keys)):
            raise ValueError(f"vault keys take {KEY_BYTES} bytes")
        self.header = _header(data_key)
        self._ciphers = {_header(key): AESGCM(key) for key in (*old_data_keys, data_key)}
        self._cipher = self._ciphers[self.header]
        self._index_key = index_key

    def seal(self, text: str, purpose: str) -> bytes:
        """Encrypt `text`; every call gives another ciphertext, 33 bytes longer than the text in UTF-8."""
        nonce = os.urandom(_NONCE_BYTES)
        return self.header + nonce + self._cipher.encrypt(nonce, text.encode(), purpose.encode())

    def unseal(self, sealed: bytes | memoryview, purpose: str) -> str:
        """Decrypt what `seal` made for the same purpose.

        Raises:
            SealedWithOtherKey: made with a key this vault does not hold.
            SealedDataDamaged: cut, altered, or sealed for another purpose.
        """
        data = bytes(sealed)
        if len(data) < _SHORTEST or data[0] != VERSION:
            raise SealedDataDamaged(purpose)
        cipher = self._ciphers.get(data[:_HEADER_BYTES])
        if cipher is None:
            raise SealedWithOtherKey(purpose)
        nonce, body = data[_HEADER_BYTES : _HEADER_BYTES + _NONCE_BYTES], data[_HEADER_BYTES + _NONCE_BYTES :]
        try:
            return cipher.decrypt(nonce, body, purpose.encode()).decode()
        except InvalidTag:
            raise SealedDataDamaged(purpose) from None

    def blind(self, text: str, purpose: str) -> bytes:
        """The blind index of `text` within `purpose`: 32 bytes, always the same under one index key."""
        # The zero byte ends the purpose; purposes are words of ours and hold none, so no two pairs collide.
        return hmac.digest(self._index_key, purpose.encode() + b"\0" + text.encode(), hashlib.sha256)

    def token(self, text: str, purpose: str) -> int:
        """The first 64 bits of the blind index as a signed integer, for arrays that are searched by GIN."""
        return int.from_bytes(self.blind(text, purpose)[:8], "big", signed=True)


def _header(key: bytes) -> bytes:
    """Version and key id: what a value sealed with `key` starts with. The id tells nothing about the key."""
    return bytes([VERSION]) + hmac.digest(key, b"laoke vault key id", hashlib.sha256)[: _HEADER_BYTES - 1]


@lru_cache(maxsize=8)
def _open(data_key: bytes, index_key: bytes, old_data_keys: tuple[bytes, ...]) -> Vault:
    return Vault(data_key, index_key, old_data_keys)


def vault() -> Vault:
    """The vault of this installation. Loops over many rows fetch it once."""
    config = settings.LAOKE
    return _open(config.data_key, config.index_key, config.old_data_keys)


def seal(text: str, purpose: str) -> bytes:
    """`Vault.seal` with the keys of this installation."""
    return vault().seal(text, purpose)


def unseal(sealed: bytes | memoryview, purpose: str) -> str:
    """`Vault.unseal` with the keys of this installation."""
    return vault().unseal(sealed, purpose)


def blind(text: str, purpose: str) -> bytes:
    """`Vault.blind` with the keys of this installation."""
    return vault().blind(text, purpose)


def token(text: str, purpose: str) -> int:
    """`Vault.token` with the keys of this installation."""
    return vault().token(text, purpose)
