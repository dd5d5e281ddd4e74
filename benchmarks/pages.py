"""Every page of the console in a chain of a million members: statements sent and server time.

`python -m benchmarks.pages --members 1000000`. Targets: at most 12 statements a page, median at most 150 ms, at
1 M members, 5 M orders and 20 M lines.

Requests go through the whole application in this process, middleware and templates included, without the socket. Each
one asks for other members, filters and cursors, taken from the shop by chance; cursors are those the pages show. The
shop is built once and kept in LAOKE_HOME/bench; `--rebuild` makes it anew.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import shutil
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from html import unescape
from pathlib import Path
from typing import Any

from benchmarks.machine import describe

MOST_STATEMENTS, MOST_MS = 12, 150.0
REQUESTS = 40
_WARM_UP = 3
# Pages whose further addresses are worth following: "next", filters, tabs, sort orders.
_FOLLOWED = 60


def run(members: int, requests: int = REQUESTS, only: str = "", rebuild: bool = False) -> dict[str, Any]:
    """Measure on the kept shop of `members` members, building it first where there is none."""
    base = Path(os.environ.get("LAOKE_HOME", "var")).resolve()
    home = base / "bench" / f"pages-{members}"
    os.environ.update(
        LAOKE_HOME=str(home), DJANGO_SETTINGS_MODULE="laoke.project.settings", LAOKE_LOG_LEVEL="warning"
    )
    built = has_shop(home)
    if rebuild or not built:
        shutil.rmtree(home, ignore_errors=True)
        home.mkdir(parents=True)
        home.chmod(0o755)
    return {"machine": describe(), "members": members, **_measure(home, members, requests, only)}


def _mark(home: Path) -> Path:
    return home / "pages.json"


def mark(home: Path, seconds: int) -> None:
    """Say that the shop in a home is whole."""
    from benchmarks import pages_shop

    text = json.dumps({"edition": pages_shop.EDITION, "seconds": seconds})
    _mark(home).write_text(text, encoding="utf-8")


def has_shop(home: Path) -> bool:
    """Whether a shop of this edition is kept in a home."""
    from benchmarks import pages_shop

    found = _mark(home)
    return found.exists() and json.loads(found.read_text(encoding="utf-8"))["edition"] == pages_shop.EDITION


def _measure(home: Path, members: int, requests: int, only: str) -> dict[str, Any]:
    from laoke.surfaces.cli.session import ready

    with ready(migrate=True):
        import psycopg
        from django.conf import settings

        from benchmarks import pages_offers, pages_shop

        with psycopg.connect(settings.DATABASE_TARGET.conninfo()) as connection:
            if not has_shop(home):
                begun = time.perf_counter()
                pages_shop.build(connection, members, tell)
                mark(home, round(time.perf_counter() - begun))
            pages_offers.promote(connection, pages_shop.AT, tell)
            if (
                not only
            ):  # one page is looked at while it is being written: not every time with a night's work
                pages_shop.renew(connection)
            sizes = {
                name: connection.execute(f"select count(*) from {table}".encode()).fetchone()[0]  # type: ignore[index]
                for name, table in (("orders", "purchases_order"), ("lines", "purchases_orderline"))
            }
        pages = _pages(home, requests, only)
    slow = [name for name, found in pages.items() if found["median_ms"] > MOST_MS]
    many = [name for name, found in pages.items() if found["statements"] > MOST_STATEMENTS]
    return {
        **sizes,
        "requests_a_page": requests,
        "over_150_ms": slow,
        "over_12_statements": many,
        "pages": pages,
    }


def tell(step: str) -> None:
    """Say what is being done."""
    print(f"  {step}", file=sys.stderr, flush=True)


def _pages(home: Path, requests: int, only: str) -> dict[str, Any]:
    from django.conf import settings

    from benchmarks import pages_shop
    from laoke.foundation.models import Staff
    from tests.pages import REGISTER, Kind, filled, path_of

    settings.ALLOWED_HOSTS.append("testserver")
    furnished = pages_shop.furnished(home)
    client = _client(Staff.objects.get(username="owner"))
    chance = random.Random(3)

    def path(name: str) -> str:
        return path_of(name, furnished | pages_shop.by_chance(chance))

    found = {}
    for name, entry in REGISTER.items():
        if entry.public or entry.kind not in (Kind.PAGE, Kind.PART) or not re.search(only, name):
            continue
        queries = [filled(query, furnished | pages_shop.by_chance(chance)) for query in entry.queries]
        addresses = _addresses(partial(path, name), queries, client, chance)
        asked = [next(addresses) for _ in range(_WARM_UP + requests)]
        rows = [_ask(client, address, part=entry.kind is Kind.PART) for address in asked][_WARM_UP:]
        found[name] = _summary(rows)
        print(f"  {name}: {_said(found[name])}", file=sys.stderr, flush=True)
    return found


def _addresses(
    path: Callable[[], str], queries: Sequence[str], client: Any, chance: random.Random
) -> Iterator[str]:
    """Endless addresses of one page: each query of the register in turn, then what the page itself leads to."""
    own = path().split("?")[0].rstrip("/")
    onward: list[str] = []
    for query in queries:
        address = path() + query
        yield address
        text = unescape(client.get(address).content.decode(errors="replace"))
        onward += [
            link
            for link in re.findall(r'href="([^"]+\?[^"]+)"', text)
            if link.startswith(f"{own}?") and link not in onward
        ]
    onward = onward[:_FOLLOWED]
    while True:
        yield path() + chance.choice(queries)
        if onward and own == path().split("?")[0].rstrip("/"):
            followed = chance.choice(onward)
            yield followed
            text = unescape(client.get(followed).content.decode(errors="replace"))
            onward += [
                link
                for link in re.findall(r'href="([^"]+[?&]after=[^"]+)"', text)
                if link.startswith(f"{own}?") and link not in onward and len(onward) < 4 * _FOLLOWED
            ]


def _client(person: Any) -> Any:
    from django.test.client import Client, ClientHandler

    from benchmarks import pages_shop

    class Handler(ClientHandler):
        def get_response(self, request: Any) -> Any:
            request.received_at = pages_shop.AT
            begun = time.perf_counter()
            response = super().get_response(request)
            response.seconds = time.perf_counter() - begun
            return response

    client = Client(headers={"Accept-Language": "zh-CN"})
    client.handler = Handler(enforce_csrf_checks=False)
    client.force_login(person)
    return client


def _ask(client: Any, address: str, *, part: bool) -> dict[str, Any]:
    headers = {"HX-Request": "true"} if part else {}
    with _statements() as sent:
        response = client.get(address, headers=headers)
    if response.status_code >= 500:
        raise AssertionError(f"{address}: {response.status_code}")
    return {
        "address": address,
        "ms": response.seconds * 1000,
        "statements": len(sent),
        "kib": len(response.content) / 1024,
    }


@contextmanager
def _statements() -> Iterator[list[Any]]:
    """The statements sent to the database, whichever cursor sends them."""
    import psycopg

    execute, sent = psycopg.Cursor.execute, []

    def counted(self: Any, query: Any, *args: Any, **more: Any) -> Any:
        sent.append(query)
        return execute(self, query, *args, **more)

    psycopg.Cursor.execute = counted  # type: ignore[method-assign]
    try:
        yield sent
    finally:
        psycopg.Cursor.execute = execute  # type: ignore[method-assign]


def _summary(rows: list[dict[str, Any]]) -> dict[str, Any]:
    times = sorted(row["ms"] for row in rows)
    slowest = max(rows, key=lambda row: row["ms"])
    return {
        "statements": max(row["statements"] for row in rows),
        "median_ms": round(statistics.median(times), 1),
        "p95_ms": round(times[int(0.95 * (len(times) - 1))], 1),
        "slowest_ms": round(slowest["ms"], 1),
        "slowest": slowest["address"],
        "html_kib": round(statistics.median(row["kib"] for row in rows), 1),
    }


def _said(found: dict[str, Any]) -> str:
    return (
        f"{found['statements']} statements, median {found['median_ms']} ms, p95 {found['p95_ms']} ms, "
        f"slowest {found['slowest_ms']} ms at {found['slowest']}"
    )


def main() -> None:
    """Entry point."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--members", type=int, default=1_000_000)
    parser.add_argument("--requests", type=int, default=REQUESTS)
    parser.add_argument("--only", default="", help="pages whose name matches this pattern")
    parser.add_argument("--rebuild", action="store_true", help="build the shop anew")
    arguments = parser.parse_args()
    print(json.dumps(run(arguments.members, arguments.requests, arguments.only, arguments.rebuild), indent=1))


if __name__ == "__main__":
    main()
