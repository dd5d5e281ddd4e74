import pytest

from laoke.surfaces.demo.check_digits import with_gtin_check, with_luhn_check


@pytest.mark.parametrize(
    ("body", "whole"),
    [("400638133393", "4006381333931"), ("978030640615", "9780306406157"), ("9638507", "96385074")],
)
def test_gtin_check_digits_of_known_codes(body, whole):
    assert with_gtin_check(body) == whole


@pytest.mark.parametrize(
    ("body", "whole"), [("7992739871", "79927398713"), ("411111111111111", "4111111111111111")]
)
def test_luhn_check_digits_of_known_numbers(body, whole):
    assert with_luhn_check(body) == whole
