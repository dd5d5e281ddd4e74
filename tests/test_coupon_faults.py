"""kill -9 of an issue of coupons, and of the database under it: begun again, every member has exactly one."""

from __future__ import annotations

import json
import os
import random
import signal
import time
from contextlib import suppress

import psycopg
import pytest

from tests.test_faults import PATIENCE, Place, eventually, place  # noqa: F401

pytestmark = pytest.mark.faults
MEMBERS = 60_000

OPEN = f"""
    from datetime import UTC, datetime
    from laoke.surfaces.cli.session import ready
    with ready(migrate=True):
        from django.db import transaction
        from laoke.benefits.coupons import templates
        from laoke.foundation.access import SYSTEM
        from laoke.members import services as members
        from laoke.members.types import IdentityInput, Registration
        at = datetime(2026, 3, 10, 4, tzinfo=UTC)
        name = {{"zh": "券", "en": "Coupon"}}
        document = {{"name": name, "valid": {{"days": 3000}}, "limits": {{"per_member": 1, "in_total": {MEMBERS}}}}}
        with transaction.atomic():
            templates.publish(SYSTEM, templates.parse({{"ten": document}}), at=at)
        for start in range(0, {MEMBERS}, 5000):
            rows = [
                Registration(registered_at=at, identities=(IdentityInput("card", f"c{{number:07}}"),))
                for number in range(start, start + 5000)
            ]
            members.register_many(caller=SYSTEM, at=at, rows=rows)
"""


def test_an_issue_that_is_killed_goes_on_and_nobody_gets_two(place: Place) -> None:  # noqa: F811
    place.script(OPEN)

    def issued() -> int:
        return int(place.ask("select count(*) from benefits_coupon")[0][0])

    seen = [0]
    process = place.start("coupons", "issue", "ten", "--when", "member.known: true", "--json")
    for part in (1, MEMBERS // 3, MEMBERS // 2):
        eventually(
            lambda process=process, part=part: (
                process.poll() is not None or (place.cluster.status().pid is not None and _or(issued) >= part)
            ),
            60,
            "no coupon",
        )
        process.kill()
        process.wait(10)
        with place.cluster.running():
            seen.append(issued())
        process = place.start("coupons", "resume", "1", "--json")
    # And once it is the database that goes.
    eventually(lambda: place.cluster.status().pid is not None, 20, "no database")
    time.sleep(random.uniform(0.2, 1))
    if pid := place.cluster.status().pid:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    assert process.wait(PATIENCE) in (0, 2)

    last = place.run("coupons", "resume", "1", "--json")
    if last.returncode == 0:
        outcome = json.loads(last.stdout)
        assert (outcome["state"], outcome["issued"], outcome["refused"]) == ("done", MEMBERS, 0)
    else:
        assert "has ended" in last.stderr
    assert seen == sorted(seen)
    assert seen[-1] > 0
    with place.cluster.running():
        assert place.ask("select count(*), count(distinct member_id) from benefits_coupon") == [
            (MEMBERS, MEMBERS)
        ]
        assert place.ask("select state, issued, refused from benefits_couponbatch") == [("done", MEMBERS, 0)]
        # The planner was never told of sixty thousand members: autovacuum has not come by yet.
        with psycopg.connect(place.cluster.conninfo(), autocommit=True) as connection:
            connection.execute("analyze")
        check = place.run("check")
    assert check.returncode == 0, check.stdout
    assert place.family() == []


def _or(count: object) -> int:
    """What can be counted; nothing while the database comes up or goes."""
    try:
        return int(count())  # type: ignore[operator]
    except Exception:
        return 0
