"""Where a request comes from, and what its browser is called."""

from __future__ import annotations

from dataclasses import replace

import pytest
from django.test import RequestFactory

from laoke.foundation.staff.agents import readable
from laoke.foundation.web.visitors import client_address, masked


def address(settings, proxies, told, remote="10.0.0.1"):
    settings.LAOKE = replace(settings.LAOKE, trusted_proxies=proxies)
    headers = {} if told is None else {"HTTP_X_FORWARDED_FOR": told}
    return client_address(RequestFactory().get("/", REMOTE_ADDR=remote, **headers))


@pytest.mark.parametrize(
    ("proxies", "told", "found"),
    [
        (0, "203.0.113.7", "10.0.0.1"),  # nobody may say so
        (1, None, "10.0.0.1"),
        (1, "203.0.113.7", "203.0.113.7"),
        (1, "8.8.8.8, 203.0.113.7", "203.0.113.7"),  # the first was claimed by the client itself
        (2, "8.8.8.8, 203.0.113.7, 192.0.2.1", "203.0.113.7"),
        (2, "203.0.113.7", "10.0.0.1"),  # came by one proxy only
        (1, "203.0.113.7:4711", "203.0.113.7"),
        (1, "[2001:db8::7]:4711", "2001:db8::7"),
        (1, "2001:db8::7", "2001:db8::7"),
        (1, "::ffff:203.0.113.7", "203.0.113.7"),
        (1, "unknown", "10.0.0.1"),
        (1, "", "10.0.0.1"),
        (1, "1" * 5000, "10.0.0.1"),
    ],
)
def test_the_address_is_that_of_the_person_as_far_as_proxies_of_ours_tell(settings, proxies, told, found):
    assert address(settings, proxies, told) == found


@pytest.mark.parametrize(
    ("whole", "kept"),
    [
        ("203.0.113.7", "203.0.113.*"),
        ("2001:db8:5:6:7::8", "2001:db8:5::*"),
        ("::ffff:203.0.113.7", "203.0.113.*"),
        ("", ""),
        ("unix:", ""),
    ],
)
def test_addresses_are_kept_without_what_points_at_one_connection(whole, kept):
    assert masked(whole) == kept


@pytest.mark.parametrize(
    ("said", "name"),
    [
        (
            "Mozilla/5.0 (Windows NT 6.1; Win64; x64) AppleWebKit/537.36 Chrome/109.0.0.0 Safari/537.36",
            "Chrome 109 · Windows",
        ),
        (
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/131.0.0.0 Safari/537.36 Edg/131.0",
            "Edge 131 · Windows",
        ),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) Mobile/15E148 MicroMessenger/8.0.50",
            "WeChat 8 · iPhone",
        ),
        (
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Version/15.4 Safari/605.1.15",
            "Safari 15 · macOS",
        ),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0", "Firefox 128 · Linux"),
        (
            "Mozilla/5.0 (Linux; Android 14; SM-S911B) Chrome/120.0 Mobile Safari/537.36",
            "Chrome 120 · Android",
        ),
        ("curl/8.5.0", ""),
        ("", ""),
        ("Chrome/" + "9" * 10_000, "Chrome 9999"),
    ],
)
def test_browsers_have_names_that_people_know(said, name):
    assert readable(said) == name
    assert len(readable(said)) <= 60
