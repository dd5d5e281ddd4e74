"""Sealing and blind indexes: round trips, tampering, rotation."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from laoke.foundation import vault as door
from laoke.foundation.vault import SealedDataDamaged, SealedWithOtherKey, Vault

OLD, NEW, INDEX = b"o" * 32, b"n" * 32, b"i" * 32
VAULT = Vault(NEW, INDEX)
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=200)


@given(texts)
def test_what_was_sealed_opens(text):
    sealed = VAULT.seal(text, "member.name")
    assert VAULT.unseal(sealed, "member.name") == text
    assert VAULT.unseal(memoryview(sealed), "member.name") == text
    assert len(sealed) == len(text.encode()) + 33


def test_two_sealings_of_one_text_differ():
    assert VAULT.seal("陈雨桐", "member.name") != VAULT.seal("陈雨桐", "member.name")


@given(st.integers(min_value=0, max_value=35), st.integers(min_value=0, max_value=7))
def test_any_flipped_bit_is_noticed(index, bit):
    sealed = bytearray(VAULT.seal("abc", "member.name"))
    sealed[index] ^= 1 << bit
    # Within the key id the flip names another key; everywhere else the tag no longer fits.
    expected = SealedWithOtherKey if 1 <= index <= 4 else SealedDataDamaged
    with pytest.raises(expected) as refused:
        VAULT.unseal(bytes(sealed), "member.name")
    assert "abc" not in refused.value.detail


@given(st.integers(min_value=0, max_value=35))
def test_a_cut_value_is_noticed(length):
    with pytest.raises(SealedDataDamaged):
        VAULT.unseal(VAULT.seal("abc", "member.name")[:length], "member.name")


def test_a_value_does_not_open_in_another_field():
    with pytest.raises(SealedDataDamaged, match=r"member\.birth_date"):
        VAULT.unseal(VAULT.seal("1990-01-01", "member.name"), "member.birth_date")


def test_after_a_rotation_old_values_open_and_new_ones_carry_the_new_key():
    old = Vault(OLD, INDEX).seal("13800136217", "identity.phone")
    rotated = Vault(NEW, INDEX, [OLD])
    assert rotated.unseal(old, "identity.phone") == "13800136217"
    new = rotated.seal("13800136217", "identity.phone")
    assert new.startswith(rotated.header)
    assert not old.startswith(rotated.header)
    assert VAULT.unseal(new, "identity.phone") == "13800136217"
    with pytest.raises(SealedWithOtherKey, match="LAOKE_DATA_KEY"):
        VAULT.unseal(old, "identity.phone")


def test_blind_indexes_are_known_values():
    # Computed once with `openssl dgst -sha256 -mac HMAC`: a change here would orphan every stored index.
    index = VAULT.blind("+8613800136217", "identity.phone")
    assert index.hex() == "6cf8d8b236267f0d141e7965c1df792d229cfc721c4307610a0dd8b385228285"
    assert VAULT.token("+8613800136217", "identity.phone") == int.from_bytes(index[:8], "big", signed=True)


@given(texts, texts)
def test_blind_indexes_differ_by_text_purpose_and_key(one, other):
    assert (VAULT.blind(one, "a") == VAULT.blind(other, "a")) == (one == other)
    assert VAULT.blind(one, "a") != VAULT.blind(one, "b")
    assert VAULT.blind(one, "a") != Vault(NEW, b"j" * 32).blind(one, "a")
    assert -(2**63) <= VAULT.token(one, "a") < 2**63


def test_a_key_of_the_wrong_length_is_refused():
    with pytest.raises(ValueError, match="32 bytes"):
        Vault(b"short", INDEX)


def test_the_doors_use_the_keys_of_the_installation():
    assert door.unseal(door.seal("x", "p"), "p") == "x"
    assert door.blind("x", "p") == door.vault().blind("x", "p")
    assert door.token("x", "p") == door.vault().token("x", "p")
    assert door.vault() is door.vault()
