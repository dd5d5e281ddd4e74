"""Codes nobody guesses and nobody misreads."""

from __future__ import annotations

from itertools import combinations

import pytest

from laoke.benefits.coupons import codes


def test_a_code_has_more_than_sixty_bits_of_chance() -> None:
    assert codes.bits(codes.SHORTEST) > 64
    assert round(codes.bits(codes.LENGTH)) == 74
    assert not set(codes.ALPHABET) & set("01IOU")


def test_codes_are_different_and_whole() -> None:
    made = {codes.make() for _ in range(5000)}
    assert len(made) == 5000
    assert all(len(code) == 16 and codes.is_whole(code) for code in made)
    assert all(
        code.startswith("VP") and len(code) == 16 for code in (codes.make("VP", 13) for _ in range(50))
    )


@pytest.mark.parametrize(("prefix", "length"), [("", codes.LENGTH), ("A2345678", codes.LONGEST)])
def test_every_single_mistake_is_seen(prefix: str, length: int) -> None:
    code = codes.make(prefix, length)
    for place, right in enumerate(code):
        for wrong in set(codes.ALPHABET) - {right}:
            assert not codes.is_whole(code[:place] + wrong + code[place + 1 :])


def test_every_two_that_changed_places_are_seen() -> None:
    code = codes.make()
    body = len(code) - 1
    for one, other in combinations(range(body), 2):
        if code[one] != code[other]:
            swapped = list(code)
            swapped[one], swapped[other] = swapped[other], swapped[one]
            assert not codes.is_whole("".join(swapped))


@pytest.mark.parametrize("written", ["abcd-efgh", " ABCD EFGH ", "AbCdEfGh", "ABCD-EFGH\n"])
def test_it_does_not_matter_how_it_is_written(written: str) -> None:
    assert codes.plain(written) == "ABCDEFGH"


def test_printed_in_groups_and_masked() -> None:
    code = codes.make()
    assert codes.plain(codes.grouped(code)) == code
    assert [len(part) for part in codes.grouped(code).split("-")] == [4, 4, 4, 4]
    assert codes.grouped("WELCOME20") == "WELCOME20"
    assert codes.masked(code) == "····" + code[-4:]
