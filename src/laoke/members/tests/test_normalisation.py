"""Identities and names in their one form."""

from __future__ import annotations

import unicodedata

import phonenumbers
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from laoke.kernel.errors import LaokeError
from laoke.members.errors import (
    BadCardNumber,
    BadEmail,
    BadExternalId,
    BadIdentifier,
    BadMemberField,
    BadName,
    BadPhone,
)
from laoke.members.normal.identities import normalise, parse_phone
from laoke.members.normal.names import clean_name, parts, query_parts
from laoke.members.normal.person import checked_birth_date, checked_language, checked_tags

any_text = st.text(st.characters(), max_size=300)


@pytest.mark.parametrize(
    ("kind", "raw", "value"),
    [
        ("phone", "13800136217", "+8613800136217"),
        ("phone", " 138 0013 6217 ", "+8613800136217"),
        ("phone", "138-0013-6217", "+8613800136217"),
        ("phone", "+86 138 0013 6217", "+8613800136217"),
        ("phone", "0086 138 0013 6217", "+8613800136217"),
        ("phone", "１３８００１３６２１７", "+8613800136217"),
        ("phone", "0571-8765 4321", "+8657187654321"),
        ("phone", "+852 5123 4567", "+85251234567"),
        ("phone", "+49 30 901820", "+4930901820"),
        ("card", " hl058213 ", "HL058213"),
        ("card", "ＨＬ０５８２１３", "HL058213"),
        ("card", "1234", "1234"),
        ("card", "ΐ123", "Ϊ́123"),
        ("email", " Jane.Doe@Example.COM ", "jane.doe@example.com"),
        ("email", "用户@例子.中国", "用户@例子.中国"),
        ("wechat_openid", "oXyz-9_aB", "oXyz-9_aB"),
        ("shop_account", " Ab ", " Ab "),
    ],
)
def test_one_form(kind, raw, value):
    assert normalise(kind, raw, "", "CN").value == value


def test_the_tail_of_a_phone():
    assert normalise("phone", "13800136217", "", "CN").tail == "6217"
    assert normalise("card", "HL058213", "", "CN").tail == ""


def test_numbers_from_abroad_show_their_country():
    assert normalise("phone", "13800136217", "", "CN").masked == "138 **** 6217"
    assert normalise("phone", "+8613800136217", "", "HK").masked == "+86 138 **** 6217"
    assert normalise("phone", "5123 4567", "", "HK").value == "+85251234567"


@pytest.mark.parametrize(
    ("kind", "raw", "error"),
    [
        ("phone", "1380013621", BadPhone),
        ("phone", "138001362170", BadPhone),
        ("phone", "", BadPhone),
        ("phone", "call me", BadPhone),
        ("phone", "1" * 10_000, BadPhone),
        ("card", "123", BadCardNumber),
        ("card", "x" * 41, BadCardNumber),
        ("card", "AB\x00CD", BadCardNumber),
        ("card", "AB\nCD", BadCardNumber),
        ("card", "A" * 40 + " " * 500 + "B", BadCardNumber),
        ("email", "jane", BadEmail),
        ("email", "jane@localhost", BadEmail),
        ("email", "jane@@example.com", BadEmail),
        ("email", "ja ne@example.com", BadEmail),
        ("email", "j@" + "a" * 300 + ".com", BadEmail),
        ("email", "j@ex\x00ample.com", BadEmail),
        ("wechat_openid", "", BadExternalId),
        ("wechat_openid", "x" * 129, BadExternalId),
        ("wechat_openid", "a\x00b", BadExternalId),
        ("wechat_openid", "\ud800", BadExternalId),
        ("passport", "X123", BadIdentifier),
    ],
)
def test_refused_values_are_not_repeated(kind, raw, error):
    with pytest.raises(error) as refused:
        normalise(kind, raw, "", "CN")
    if len(raw) > 4:
        assert raw not in refused.value.detail
        assert raw not in str(refused.value.extensions)


@pytest.mark.parametrize(("kind", "issuer"), [("phone", "x"), ("wechat_openid", "x" * 41), ("card", "shop")])
def test_misplaced_issuers(kind, issuer):
    with pytest.raises(BadExternalId):
        normalise(kind, "13800136217", issuer, "CN")


@given(st.sampled_from(["phone", "card", "email", "wechat_openid", "shop_account"]), any_text)
def test_the_form_is_stable_and_storable(kind, raw):
    try:
        once = normalise(kind, raw, "", "CN")
    except LaokeError:
        return
    assert normalise(kind, once.value, "", "CN") == once
    assert once.value.encode()
    assert "\x00" not in once.masked
    assert len(once.masked) <= 80


@given(st.integers(min_value=13_000_000_000, max_value=13_999_999_999), st.randoms())
def test_however_a_phone_is_written_it_is_one(number, random):
    digits = str(number)
    plain = normalise("phone", digits, "", "CN").value
    spaced = "".join(digit + random.choice(["", " ", "-"]) for digit in digits).rstrip("-")
    assert plain == f"+86{digits}"
    assert normalise("phone", random.choice(["", "+86", "0086 "]) + spaced, "", "CN").value == plain


@pytest.mark.parametrize("country", ["CN", "HK", "US", "GB", "DE", "IT", "JP", "RU", "BR", "ZZ"])
@given(st.text("0123456789", min_size=7, max_size=12))
@example("13800136217")
@example("17951138001")
@example("12593138001")
@example("07911123456")
@example("7911123456")
@example("2015550123")
@example("3123456789")
@example("51234567")
def test_the_short_way_of_plain_mobiles_finds_what_the_parser_finds(country, digits):
    try:
        country_code, national = parse_phone(digits, country)
    except BadPhone:
        with pytest.raises(BadPhone):
            normalise("phone", digits, "", country)
    else:
        assert normalise("phone", digits, "", country).value == f"+{country_code}{national}"


@given(st.data())
def test_the_short_way_agrees_on_valid_mobiles_of_every_country(data):
    country = data.draw(st.sampled_from(sorted(phonenumbers.SUPPORTED_REGIONS)))
    pattern = phonenumbers.PhoneMetadata.metadata_for_region(country).mobile.national_number_pattern
    digits = data.draw(st.from_regex(pattern or "1{11}", fullmatch=True, alphabet="0123456789"))
    try:
        country_code, national = parse_phone(digits, country)
    except BadPhone:
        with pytest.raises(BadPhone):
            normalise("phone", digits, "", country)
    else:
        assert normalise("phone", digits, "", country).value == f"+{country_code}{national}"


@pytest.mark.parametrize(
    ("raw", "name"),
    [
        (None, ""),
        ("", ""),
        ("  陈雨桐  ", "陈雨桐"),
        ("John   Smith\n", "John Smith"),
        ("e\u0301lise", "élise"),
        ("محمد علي", "محمد علي"),
        ("👨\u200d👩\u200d👧", "👨\u200d👩\u200d👧"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("evil\u202etxt.exe", "eviltxt.exe"),
        ("\u2066a\u2069\ufeff", "a"),
        ("nul\x00l\x07", "null"),
        ("\ud800x", "x"),
        ("\u200d\u200b", ""),
        ("<script>alert(1)</script>", "<script>alert(1)</script>"),
        ("Robert'); DROP TABLE members;--", "Robert'); DROP TABLE members;--"),
        ("𠮷野家", "𠮷野家"),
    ],
)
def test_names_are_cleaned(raw, name):
    assert clean_name(raw) == name


@pytest.mark.parametrize("raw", ["a" * 101, "a" * 10_000, "陈" * 101])
def test_overlong_names_are_refused(raw):
    with pytest.raises(BadName, match="100"):
        clean_name(raw)


@given(any_text)
def test_a_cleaned_name_is_clean(raw):
    try:
        name = clean_name(raw)
    except BadName:
        return
    assert clean_name(name) == name
    assert name == unicodedata.normalize("NFC", name)
    assert len(name) <= 100
    assert not any(unicodedata.category(letter) in ("Cc", "Cs") for letter in name)
    name.encode()


@pytest.mark.parametrize(
    ("name", "pieces"),
    [
        ("陈雨桐", {"陈雨", "雨桐"}),
        ("王", {"王"}),
        ("John Smith", {"john", "smith"}),
        ("José Ñuñez", {"jose", "nunez"}),
        ("Anna 王小明", {"anna", "王小", "小明"}),
        ("阿卜杜拉·买买提", {"阿卜", "卜杜", "杜拉", "买买", "买提"}),
        ("ＡＮＮＡ", {"anna"}),
        ("🐱", set()),
    ],
)
def test_pieces_of_names(name, pieces):
    assert parts(name) == pieces


@given(st.text("陈雨桐王小明さくら𠮷", min_size=2, max_size=8), st.data())
def test_every_part_of_an_unspaced_name_finds_it(name, data):
    start = data.draw(st.integers(0, len(name) - 2))
    end = data.draw(st.integers(start + 2, len(name)))
    assert query_parts(name[start:end]) <= parts(name)


@given(st.text(max_size=60))
def test_a_name_finds_itself_in_any_case(raw):
    name = clean_name(raw)
    assert query_parts(name) <= parts(name)


def test_smaller_fields():
    from datetime import date, datetime

    today = date(2026, 3, 10)
    assert checked_birth_date(date(2026, 3, 10), today) == date(2026, 3, 10)
    for bad in (date(2026, 3, 11), date(1899, 12, 31), datetime(2000, 1, 1)):  # noqa: DTZ001
        with pytest.raises(BadMemberField, match="birth_date"):
            checked_birth_date(bad, today)
    assert checked_language("zh-Hans") == "zh-hans"
    for bad_language in ("chinese please", "zh_CN", "x"):
        with pytest.raises(BadMemberField, match="language"):
            checked_language(bad_language)
    assert checked_tags([" 母婴 ", "健身", "母婴"]) == ("母婴", "健身")
