import re
from collections import Counter
from datetime import UTC

import phonenumbers

from laoke.surfaces.demo import Household
from laoke.surfaces.demo.check_digits import with_luhn_check

REACHED_BY = {
    "sms": lambda person: person.phone is not None,
    "email": lambda person: person.email is not None,
    "wechat": lambda person: "wechat_openid" in dict(person.external_ids),
    "app_push": lambda person: "shop_account" in dict(person.external_ids),
}


def repeated(values):
    return [value for value, count in Counter(values).items() if count > 1]


def test_phones_are_valid_chinese_mobiles_and_nobody_shares_one(shop):
    phones = [person.phone for person in shop.people if person.phone]
    assert repeated(phones) == []
    for phone in phones:
        assert re.fullmatch(r"1[3-9]\d{9}", phone)
        number = phonenumbers.parse(phone, "CN")
        assert phonenumbers.is_valid_number(number)
        assert phonenumbers.number_type(number) == phonenumbers.PhoneNumberType.MOBILE


def test_cards_and_ids_are_unique(shop):
    assert len(shop.people) == 5_000
    assert repeated(person.card_no for person in shop.people) == []
    assert repeated(pair for person in shop.people for pair in person.external_ids) == []
    assert repeated(person.email for person in shop.people if person.email) == []
    assert all(with_luhn_check(person.card_no[:-1]) == person.card_no for person in shop.people)


def test_members_stand_in_order_of_registration(shop):
    days = [person.registered_at.date() for person in shop.people]
    assert days == sorted(days)
    assert {person.registered_at.tzinfo for person in shop.people} == {UTC}
    stores = {store.code for store in shop.stores if not store.online}
    assert {person.home_store_code for person in shop.people} == stores


def test_the_register_has_the_gaps_of_a_real_one(shop):
    count = len(shop.people)
    assert 0.08 < sum(person.name is None for person in shop.people) / count < 0.16
    assert 0.04 < sum(person.phone is None for person in shop.people) / count < 0.1
    assert 0.2 < sum(person.birth_date is None for person in shop.people) / count < 0.35
    assert all(person.phone or person.card_no for person in shop.people)


def test_consent_is_asked_for_every_channel_that_reaches_the_member_and_no_other(shop):
    for person in shop.people:
        expected = {
            (channel, purpose)
            for channel, known in REACHED_BY.items()
            if known(person)
            for purpose in ("marketing", "service")
        }
        assert {(consent.channel, consent.purpose) for consent in person.consents} == expected
        assert all(consent.at == person.registered_at for consent in person.consents)
    answers = [c.granted for person in shop.people for c in person.consents if c.purpose == "marketing"]
    assert 0.5 < sum(answers) / len(answers) < 0.75


def test_one_in_a_hundred_is_registered_twice(shop, events):
    by_card = {person.card_no: person for person in shop.people}
    seconds = [person for person in shop.people if person.same_person_as]
    assert len(seconds) == 50
    buyers = Counter(event.card_no for event in events if hasattr(event, "placed_at"))
    for second in seconds:
        first = by_card[second.same_person_as]
        assert first.registered_at < second.registered_at
        assert first.phone is not None
        assert second.phone is None
        assert second.name in (None, first.name)
        assert (second.birth_date, second.home_store_code) == (first.birth_date, first.home_store_code)
    assert sum(buyers[second.card_no] > 0 for second in seconds) > 20


def test_interests_fit_the_household(shop):
    assert all("母婴" not in person.tags or person.household is Household.BABY for person in shop.people)
    assert all("养生" not in person.tags or person.household is Household.ELDERLY for person in shop.people)
    assert {tag for person in shop.people for tag in person.tags} == {
        "母婴", "宠物", "咖啡", "职场", "健身", "烘焙", "亲子", "养生",
    }  # fmt: skip
