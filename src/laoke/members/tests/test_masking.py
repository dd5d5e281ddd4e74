"""Masks as the screens show them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from laoke.members.normal.identities import normal_email
from laoke.members.normal.masking import mask_code, mask_email, mask_name, mask_phone
from laoke.members.normal.names import clean_name

NAMES = """
    陈雨桐          陈*桐
    王伟            王*
    王              *
    欧阳娜娜        欧**娜
    阿卜杜拉·买买提 阿******提
    さくら          さ*ら
    김민준          김*준
    สมชาย           ส***ย
    Cher            C***
    محمد            م***
    🐱🐱            🐱***
    Anna王          A***
"""


@pytest.mark.parametrize("line", NAMES.strip().splitlines())
def test_names(line):
    name, masked = line.split()
    assert mask_name(name) == masked


def test_names_of_several_words():
    assert mask_name("John Smith") == "J*** S***"
    assert mask_name("Anna 王小明") == "A*** 王***"
    assert mask_name("陈 雨桐") == "陈*桐"
    assert mask_name("a b c d e f") == "a*** b*** c*** d***"
    assert mask_name("") == ""


@given(st.text(max_size=100).map(lambda raw: clean_name(raw[:50])))
def test_a_name_mask_shows_at_most_two_characters_or_four_initials(name):
    masked = mask_name(name)
    assert len(masked) <= 100
    shown = masked.replace("*", "").replace(" ", "")
    assert len(shown) <= max(2, min(4, len(name.split())))


@pytest.mark.parametrize(
    ("national", "country_code", "masked"),
    [
        ("13800136217", "", "138 **** 6217"),
        ("5712345678", "", "57 **** 5678"),
        ("51234567", "+852", "+852 **** 4567"),
        ("12345", "", "**** 5"),
        ("123", "", "****"),
    ],
)
def test_phones(national, country_code, masked):
    assert mask_phone(national, country_code) == masked


@pytest.mark.parametrize(
    ("code", "masked"),
    [("HL058213", "**** 8213"), ("A1234", "**** 4"), ("1234", "****"), ("oXyz-9_abcdEFGH", "**** EFGH")],
)
def test_codes(code, masked):
    assert mask_code(code) == masked


digits = st.text("0123456789", min_size=1, max_size=40)


@given(digits)
def test_numbers_hide_at_least_four_characters(number):
    for masked in (mask_code(number), mask_phone(number)):
        shown = masked.replace("*", "").replace(" ", "")
        assert len(shown) <= max(0, len(number) - 4)
        assert masked.count("*") == 4


def test_emails():
    assert mask_email("jane.doe@example.com") == "j***@example.com"
    assert mask_email("j@example.com") == "j***@example.com"


@given(st.emails())
def test_an_email_mask_fits_its_column_and_shows_one_letter_of_the_mailbox(email):
    try:
        normal = normal_email(email)
    except Exception:
        return
    masked = mask_email(normal)
    assert len(masked) <= 80
    assert masked.startswith(f"{normal[0]}***@")
