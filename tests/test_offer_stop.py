"""An emergency stop, seen from another process: from its commit on nobody gets the offer, whoever was quoted it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.db import OperationalError, connection, transaction

from laoke.checkout import programme
from laoke.foundation.access import SYSTEM
from laoke.promotions import life
from tests.shop import OPENING, Shop, broken

ROOT = Path(__file__).parent.parent
HOLDS_WITHIN = 2.0  # seconds

# A till in a process of its own on the test's database: reads commands from stdin, a line each, answers in lines.
TILL = """
import json, os, sys, time
import django
from django.conf import settings
settings.DATABASES["default"]["NAME"] = os.environ["TEST_DATABASE"]
django.setup()
from tests.shop import OPENING, Till, line
till = Till(os.environ["TEST_KEY"], OPENING)
said = {}
def told(reply):
    offers = [] if reply.code else sorted(each["offer"] for each in reply["offers"])
    return {"status": reply.status, "code": reply.code, "offers": offers, "at": time.time()}
for command in sys.stdin:
    what, name, member = json.loads(command)
    goods = line("rice", 2)
    if what == "quote":
        said[name] = till.quote(member, goods)
        answer = told(said[name])
    elif what == "sell":
        answer = told(till.sell(name, member, goods, quote=said[name]["quote"]))
    elif what == "plain":
        answer = told(till.sell(name, member, goods))
    elif what == "watch":
        # Quote after quote, until the offer is gone or the time is up.
        until, last, count = time.time() + 20, 0.0, 0
        while time.time() < until:
            asked = time.time()
            found = told(till.quote(member, goods))
            count += 1
            if name not in found["offers"]:
                break
            last = asked
        answer = {"last": last, "gone": time.time(), "count": count}
    print(json.dumps(answer), flush=True)
"""
TENTH: dict[str, Any] = {
    "name": {"zh": "九折", "en": "A tenth off"},
    "goal": "repeat",
    "stage": "basket",
    "gives": [{"percent": {"percent": 10}}],
}


class Process:
    """A till in another process."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def send(self, what: str, name: str, member: int | None) -> None:
        """Give it something to do."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps([what, name, member]) + "\n")
        self._process.stdin.flush()

    def answer(self) -> Any:
        """What it says, once it has."""
        assert self._process.stdout is not None
        said = self._process.stdout.readline()
        assert said, "the other process has ended"
        return json.loads(said)

    def do(self, what: str, name: str, member: int | None) -> tuple[int, str | None, list[str]]:
        """Let it do something, and wait for the answer."""
        self.send(what, name, member)
        found = self.answer()
        return found["status"], found["code"], found["offers"]


@contextmanager
def another_process(shop: Shop) -> Iterator[Process]:
    """A till of this shop in a process of its own, which is ended afterwards."""
    process = subprocess.Popen(
        [sys.executable, "-c", TILL],
        cwd=ROOT,
        env=os.environ
        | {
            "DJANGO_SETTINGS_MODULE": "laoke.project.settings",
            "PYTHONPATH": str(ROOT),
            "TEST_DATABASE": connection.settings_dict["NAME"],
            "TEST_KEY": shop.key,
        },
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield Process(process)
    finally:
        process.kill()
        process.communicate()


@pytest.fixture(params=["a member", "nobody"])
def member(request, committed_shop):
    return committed_shop.member() if request.param == "a member" else None


def publish(**offers: dict[str, Any]) -> None:
    programme.apply(SYSTEM, {"offers": offers}, at=OPENING)


def test_a_stop_holds_in_another_process_for_new_quotes_and_for_old_ones(committed_shop, member):
    publish(tenth=TENTH)
    with another_process(committed_shop) as other:
        for name in ("A", "B", "C"):
            assert other.do("quote", name, member) == (200, None, ["tenth"])
        assert other.do("sell", "A", member) == (201, None, ["tenth"])
        life.stop(SYSTEM, "tenth", "the wrong price", at=OPENING)
        assert other.do("sell", "B", member) == (409, "offer-stopped", [])
        assert other.do("quote", "D", member) == (200, None, [])
        assert other.do("sell", "D", member) == (201, None, [])
        assert other.do("plain", "E", member) == (201, None, [])
        life.resume(SYSTEM, "tenth", at=OPENING)
        assert other.do("quote", "F", member) == (200, None, ["tenth"])
        # What was quoted before the stop is as good as it was.
        assert other.do("sell", "C", member) == (201, None, ["tenth"])
    assert broken() == {}


@pytest.mark.parametrize("step", [life.pause, life.end])
def test_a_pause_and_an_end_keep_what_was_quoted(committed_shop, member, step):
    publish(tenth=TENTH)
    with another_process(committed_shop) as other:
        assert other.do("quote", "A", member) == (200, None, ["tenth"])
        step(SYSTEM, "tenth", at=OPENING)
        assert other.do("quote", "B", member) == (200, None, [])
        assert other.do("sell", "A", member) == (201, None, ["tenth"])


def test_an_ended_offer_that_is_stopped_is_not_given_to_quotes_either(committed_shop, member):
    publish(tenth=TENTH)
    with another_process(committed_shop) as other:
        assert other.do("quote", "A", member) == (200, None, ["tenth"])
        life.end(SYSTEM, "tenth", at=OPENING)
        life.stop(SYSTEM, "tenth", "the wrong price", at=OPENING)
        assert other.do("sell", "A", member) == (409, "offer-stopped", [])


def test_a_stop_among_five_hundred_offers_holds_in_time(committed_shop, member):
    """Quotes go on and on in two other processes while the offer is stopped in this one."""
    others = {f"o{number}": TENTH | {"codes": [f"CODE{number}"]} for number in range(500)}
    publish(tenth=TENTH, **others)
    with another_process(committed_shop) as one, another_process(committed_shop) as two:
        for process in (one, two):
            assert process.do("quote", "A", member)[2] == ["tenth"]
            process.send("watch", "tenth", member)
        threading.Event().wait(1.0)
        life.stop(SYSTEM, "tenth", "the wrong price", at=OPENING)
        stopped = time.time()
        for process in (one, two):
            seen = process.answer()
            assert seen["count"] > 5
            # No quote that was asked for after the stop's commit has the offer; the next one was there in time.
            assert seen["last"] <= stopped
            assert seen["gone"] - stopped < HOLDS_WITHIN


# Another process that publishes a programme with 10,000 offers; it says when it begins, and what came of it.
PUBLISHER = """
import json, os, sys, time
import django
from django.conf import settings
settings.DATABASES["default"]["NAME"] = os.environ["TEST_DATABASE"]
django.setup()
from laoke.checkout import programme
from laoke.foundation.access import SYSTEM
from laoke.promotions.documents.offers import Fault
from tests.shop import OPENING
tenth = json.loads(sys.argv[1])
limits = {"in_total": 1000, "budget": 500}
many = {f"o{n}": tenth | {"codes": [f"CODE{n}"], "limits": limits} for n in range(10000)}
print("begun", flush=True)
paused = {"paused": True} if sys.argv[2] == "paused" else {}
try:
    published = programme.apply(SYSTEM, {"offers": many | {"tenth": tenth | paused}}, at=OPENING)
    print("published", len(published.offers.documents), flush=True)
except Fault as error:
    print("refused", *(".".join(map(str, place)) for place, _ in error.faults), flush=True)
"""


@contextmanager
def publisher(text: str) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "-c", PUBLISHER, json.dumps(TENTH), text],
        cwd=ROOT,
        env=os.environ
        | {
            "DJANGO_SETTINGS_MODULE": "laoke.project.settings",
            "PYTHONPATH": str(ROOT),
            "TEST_DATABASE": connection.settings_dict["NAME"],
        },
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def wait_until_held() -> None:
    """Until the other process holds the programme: it is publishing this moment."""
    until = time.time() + 60
    while time.time() < until:
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute("select from foundation_generation where name = 'programme' for update nowait")
        except OperationalError:
            return
        time.sleep(0.005)
    raise AssertionError("nobody held the programme")


def timed_stop() -> float:
    begun = time.monotonic()
    life.stop(SYSTEM, "tenth", "the wrong price", at=OPENING)
    return time.monotonic() - begun


@pytest.mark.parametrize("text", ["running", "paused"])
def test_a_stop_does_not_wait_for_a_plan_of_ten_thousand_offers(committed_shop, text):
    """What was planned before the stop is planned anew: it may keep the offer stopped, and not set it running."""
    publish(tenth=TENTH)
    with publisher(text) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "begun\n"
        time.sleep(0.3)
        assert timed_stop() < HOLDS_WITHIN
        said = other.stdout.readline().split()
    in_force = programme.current().offers.documents
    if text == "running":
        assert said == ["refused", "offers.tenth.paused"]
        assert list(in_force) == ["tenth"]
    else:
        assert said == ["published", "10001"]
        assert len(in_force) == 10_001
    assert in_force["tenth"].paused
    assert broken() == {}


def test_a_stop_while_ten_thousand_offers_are_published_holds_in_time(committed_shop):
    publish(tenth=TENTH)
    with publisher("running") as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "begun\n"
        wait_until_held()
        assert timed_stop() < HOLDS_WITHIN
        assert other.stdout.readline() == "published 10001\n"
    in_force = programme.current().offers.documents
    assert (len(in_force), in_force["tenth"].paused) == (10_001, True)
    assert broken() == {}
