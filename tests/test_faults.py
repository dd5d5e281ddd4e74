"""kill -9 of everything, for real: what was acknowledged is there once, what was retried is not doubled.

Own home, own safe database, real `laoke` processes. Everything started here is ended here, by its own id.
"""

from __future__ import annotations

import http.client
import json
import logging
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import textwrap
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psutil
import psycopg
import pytest

from laoke.foundation.database import Cluster

pytestmark = pytest.mark.faults
log = logging.getLogger(__name__)

ROOT = Path(__file__).parent.parent
LAOKE = [sys.executable, "-c", "from laoke.surfaces.cli.main import run; run()"]
MEMBERS = 12
CLIENTS = 8
SECONDS = 14.0
PATIENCE = 120.0

OPEN = f"""
    import json
    from datetime import UTC, datetime
    from laoke.surfaces.cli.session import ready
    with ready(migrate=True):
        from tests.shop import open_shop
        now = datetime.now(UTC)
        shop = open_shop(at=now)
        print(json.dumps({{"key": shop.key, "members": [shop.member(at=now) for _ in range({MEMBERS})]}}))
"""


class Place:
    """A home with its database, and the processes started for it."""

    def __init__(self, home: Path) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.home = home
        self.cluster = Cluster(home / "data")
        kept = {name: value for name, value in os.environ.items() if not name.startswith("LAOKE_")}
        kept.pop("DATABASE_URL", None)
        self.environment = kept | {
            "LAOKE_HOME": str(home / "data"),
            "LAOKE_PORT": str(self.port),
            "LAOKE_WEB_WORKERS": "2",
            "LAOKE_LOG_LEVEL": "warning",
            "DJANGO_SETTINGS_MODULE": "laoke.project.settings",
        }
        self.log = home / "processes.log"
        self.started: list[subprocess.Popen[bytes]] = []

    def start(self, *arguments: str) -> subprocess.Popen[bytes]:
        """Start `laoke ...` in a group of its own."""
        with self.log.open("ab") as log:
            process = subprocess.Popen(
                [*LAOKE, *arguments],
                env=self.environment,
                cwd=self.home,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self.started.append(process)
        return process

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run `laoke ...` to its end."""
        return self._run([*LAOKE, *arguments], self.home)

    def script(self, text: str) -> str:
        """Run a piece of Python with the home's settings; returns what it prints."""
        done = self._run([sys.executable, "-c", textwrap.dedent(text)], ROOT)
        assert done.returncode == 0, done.stderr[-3000:]
        return done.stdout

    def _run(self, command: Sequence[str], folder: Path) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command,
            env=self.environment,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
        )

    def ask(self, query: str) -> list[tuple[Any, ...]]:
        """Rows straight from the database; it must run."""
        with psycopg.connect(self.cluster.conninfo(), autocommit=True, connect_timeout=5) as connection:
            return connection.execute(query).fetchall()  # type: ignore[arg-type]

    def family(self) -> list[psutil.Process]:
        """Every process of this home by its environment, also those whose parent was killed."""
        found = []
        for process in psutil.process_iter():
            with suppress(psutil.Error):
                if process.environ().get("LAOKE_HOME") == str(self.home / "data"):
                    found.append(process)
        return found

    def end(self) -> None:
        """End everything, whatever state it is in."""
        for process in self.family():
            with suppress(psutil.Error):
                process.kill()
        for started in self.started:
            started.wait(10)
        self.cluster.destroy()


@pytest.fixture
def place() -> Iterator[Place]:
    # pytest's own folders are closed to the account the database runs under, and too long for a socket.
    home = Path(tempfile.mkdtemp(prefix="laoke-faults-"))
    home.chmod(0o755)
    made = Place(home)
    try:
        yield made
    finally:
        try:
            made.end()
        finally:
            # Shown when the test fails.
            sys.stdout.write(made.log.read_text(errors="replace")[-8000:] if made.log.exists() else "")
            shutil.rmtree(home, ignore_errors=True)


@dataclass
class Order:
    """What a till wanted to sell, and what it was told."""

    number: str
    body: bytes
    key: str
    tries: int = 0
    status: int = 0
    answer: bytes = b""
    replayed: bool = False


@dataclass(eq=False)
class Client(threading.Thread):
    """A till that sends order after order, each with its key, and repeats whatever was not answered."""

    number: int
    port: int
    api_key: str
    members: Sequence[int]
    closing: threading.Event
    orders: list[Order] = field(default_factory=list)
    trouble: str = ""

    def __post_init__(self) -> None:
        super().__init__(name=f"till {self.number}", daemon=True)

    def run(self) -> None:
        try:
            while not self.closing.is_set():
                order = self._next()
                self.orders.append(order)
                self._insist(order)
        except Exception as error:
            self.trouble = f"{type(error).__name__}: {error}"

    def _next(self) -> Order:
        number = f"T{self.number}-{len(self.orders)}"
        # Half of the orders are those of two members, so that tills wait for each other.
        busy = len(self.orders) % 2
        member = self.members[
            self.number % 2 if busy else (self.number + len(self.orders)) % len(self.members)
        ]
        body = {
            "store": "S1",
            "channel": "pos",
            "order_no": number,
            "placed_at": datetime.now(UTC).isoformat(),
            "member": {"member_id": member},
            "lines": [{"sku": "rice", "quantity": "2"}, {"sku": "milk", "quantity": "1"}],
            "points_to_redeem": 100 if len(self.orders) % 3 == 2 else 0,
        }
        return Order(number, json.dumps(body).encode(), f"key-{number}")

    def _insist(self, order: Order) -> None:
        deadline = time.monotonic() + PATIENCE
        while True:
            order.tries += 1
            with suppress(OSError, http.client.HTTPException):
                order.status, order.answer, order.replayed = self.send(order)
                if order.status < 500:
                    return
            if time.monotonic() > deadline:
                raise TimeoutError(f"{order.number} was not answered in {PATIENCE} s; last {order.status}")
            time.sleep(0.1)

    def send(self, order: Order) -> tuple[int, bytes, bool]:
        """Send an order once."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            headers = {
                "Authorization": f"Bearer {self.api_key}",
                "Content-Type": "application/json",
                "Idempotency-Key": order.key,
            }
            connection.request("POST", "/v1/orders", order.body, headers)
            response = connection.getresponse()
            answer = response.read()
            return response.status, answer, response.headers.get("Idempotency-Replayed") == "true"
        finally:
            connection.close()


class Killer:
    """Finds processes of a running `laoke up` by what they are, and kills them."""

    def __init__(self, place: Place, up: subprocess.Popen[bytes]) -> None:
        self.place = place
        self.up = up
        self.done: list[str] = []

    def strike(self, what: str) -> None:
        """Kill -9 what is meant, as soon as it is there."""

        def struck() -> bool:
            for process in getattr(self, f"_{what}")():
                with suppress(psutil.Error):
                    process.kill()
                    self.done.append(what)
            return what in self.done[-2:]

        eventually(struck, PATIENCE, f"there is no {what} to kill: it did not come back")

    def _child(self, word: str) -> list[psutil.Process]:
        with suppress(psutil.Error):
            return [
                child for child in psutil.Process(self.up.pid).children() if word in " ".join(child.cmdline())
            ]
        return []

    def _server(self) -> list[psutil.Process]:
        """The web master."""
        return self._child("granian")

    def _one_web_process(self) -> list[psutil.Process]:
        found = [each for master in self._server() for each in master.children()]
        return random.sample(found, 1) if found else []

    def _all_web_processes(self) -> list[psutil.Process]:
        return [each for master in self._server() for each in master.children()]

    def _worker(self) -> list[psutil.Process]:
        return self._child("laoke.surfaces.worker")

    def _database(self) -> list[psutil.Process]:
        pid = self.place.cluster.status().pid
        with suppress(psutil.Error):
            return [psutil.Process(pid)] if pid else []
        return []


def eventually(holds: Callable[[], bool], seconds: float, what: str) -> None:
    """Wait until something holds."""
    deadline = time.monotonic() + seconds
    while True:
        with suppress(OSError, psycopg.Error):
            if holds():
                return
        assert time.monotonic() < deadline, what
        time.sleep(0.1)


def healthy(place: Place) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", place.port, timeout=5)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == 200
    except http.client.HTTPException:
        return False
    finally:
        connection.close()


def test_tills_at_work_while_everything_is_killed(place):
    opened = json.loads(place.script(OPEN))
    up = place.start("up")
    eventually(lambda: healthy(place), PATIENCE, "laoke up did not come up")
    closing = threading.Event()
    tills = [
        Client(number, place.port, opened["key"], opened["members"], closing) for number in range(CLIENTS)
    ]
    for till in tills:
        till.start()

    killer = Killer(place, up)
    blows = [
        "one_web_process",
        "database",
        "worker",
        "all_web_processes",
        "server",
        "one_web_process",
        "database",
    ]
    begun = time.monotonic()
    for blow in blows:
        time.sleep(random.uniform(0.5, SECONDS / len(blows)))
        killer.strike(blow)
    # Last the one that watches over the others; whatever it leaves behind must not stand in the way of the next.
    up.kill()
    up.wait(10)
    up = place.start("up")
    time.sleep(max(0.0, begun + SECONDS - time.monotonic()))
    eventually(lambda: healthy(place), PATIENCE, "laoke up did not come back")

    def sold_so_far() -> int:
        return sum(order.status == 201 for till in tills for order in till.orders)

    # A busy machine sells slowly.
    eventually(lambda: sold_so_far() > 50, PATIENCE, "too few orders were sold")
    closing.set()
    for till in tills:
        till.join(PATIENCE)
    assert [till.trouble for till in tills if till.trouble] == []

    orders = [order for till in tills for order in till.orders]
    sold = [order for order in orders if order.status == 201]
    refused = {json.loads(order.answer)["type"] for order in orders if order.status != 201}
    assert refused <= {"/problems/points-refused"}
    assert len(sold) > 50, len(sold)
    assert any(order.tries > 1 for order in sold)
    # What was answered is what is there, each once, and nothing else is.
    numbers = [row[0] for row in place.ask("select order_no from purchases_order")]
    assert sorted(numbers) == sorted(order.number for order in sold)
    # Asked again, every order gets the answer it was given.
    for till in tills:
        for order in till.orders:
            if order.status == 201:
                assert till.send(order) == (201, order.answer, True)
    assert len(place.ask("select 1 from purchases_order")) == len(sold)
    # What a killed worker had taken comes back when its lease of a minute ends; here it ends now.
    place.ask("update foundation_outboxmessage set available_at = now() where done_at is null returning id")
    waiting = "select count(*) from foundation_outboxmessage where done_at is null"
    eventually(lambda: place.ask(waiting) == [(0,)], 40, "events of orders were not handed on")

    up.send_signal(signal.SIGINT)
    assert up.wait(30) == 0
    assert place.family() == []
    check = place.run("check")
    assert check.returncode == 0, check.stdout
    log.info(
        "%d orders sold, %d after retries, %d of them committed before their answer was lost",
        len(sold),
        sum(order.tries > 1 for order in sold),
        sum(order.replayed for order in sold),
    )


ORDERS = 9_000
MAPPING = """
    laoke-mapping: 1
    kind: orders
    currency: CNY
    time: { zone: Asia/Shanghai }
    columns:
      order_no: no
      placed_at: at
      store: store
      channel: { value: pos }
      member: card
      product: sku
      quantity: quantity
      paid: paid
    unknown: { members: create, products: create, stores: create, channels: create }
"""


def test_an_import_that_is_killed_goes_on(place):
    place.script(OPEN)
    with (place.home / "orders.csv").open("w") as file:
        print("no,at,store,card,sku,quantity,paid", file=file)
        at = datetime(2025, 1, 1, 9, tzinfo=UTC)
        for number in range(ORDERS):
            at += timedelta(minutes=50)
            head = f"N{number},{at:%Y-%m-%d %H:%M},S{number % 3},c{number % 400:04}"
            print(f"{head},A{number % 90},1,{number % 300 + 1}.50\n{head},B{number % 7},2,20", file=file)
    (place.home / "mapping.yaml").write_text(textwrap.dedent(MAPPING))
    command = ("import", "orders", "orders.csv", "--mapping", "mapping.yaml", "--json")

    def count() -> int:
        return int(place.ask("select count(*) from purchases_order")[0][0])

    # Killed once before anything is in, then each time some more of it is.
    seen = [0]
    process = place.start(*command)
    time.sleep(random.uniform(0.3, 1.5))
    process.kill()
    process.wait(10)
    for part in (1, ORDERS // 2):
        process = place.start(*command)
        eventually(
            lambda process=process, part=part: count() >= part or process.poll() is not None, 40, "no order"
        )
        process.kill()
        process.wait(10)
        with place.cluster.running():
            seen.append(count())
    # And once it is the database that goes.
    process = place.start(*command)
    eventually(lambda: place.cluster.status().pid is not None, 20, "no database")
    time.sleep(random.uniform(0.5, 2))
    if pid := place.cluster.status().pid:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    assert process.wait(PATIENCE) in (0, 2)

    last = place.run(*command)
    assert last.returncode == 0, last.stderr
    outcome = json.loads(last.stdout)
    assert (outcome["added"] + outcome["known"], seen == sorted(seen)) == (ORDERS, True)
    with place.cluster.running():
        assert place.ask("select count(*), count(distinct order_no) from purchases_order") == [
            (ORDERS, ORDERS)
        ]
        assert place.ask("select count(*) from purchases_orderline") == [(2 * ORDERS,)]
        earned = place.ask("select sum(points_earned)::int from purchases_order")
        assert earned == [(sum(number % 300 + 1 + 20 for number in range(ORDERS)),)]
        assert place.ask("select sum(earned_total)::int from points_account") == earned
        check = place.run("check")
    assert check.returncode == 0, check.stdout
    assert json.loads(place.run(*command).stdout)["known"] == ORDERS
    assert place.family() == []


SEND = """
    from datetime import UTC, datetime
    from pathlib import Path
    from laoke.surfaces.cli.session import ready
    with ready(migrate=True):
        from laoke.foundation.access import SYSTEM, ROLE_SCOPES, Caller, Role
        from laoke.foundation.staff import services as staff
        from laoke.surfaces.importing.fields import Kind
        from laoke.surfaces.importing.uploads import folders, services
        from laoke.surfaces.importing.uploads.receiving import Received
        now = datetime.now(UTC)
        owner = staff.create(SYSTEM, "owner-7", "O", "owner", "correct-horse-battery-staple-7", at=now)
        caller = Caller("staff", owner.pk, "owner-7", ROLE_SCOPES[Role.OWNER])
        folder = folders.make()
        data = Path({file!r}).read_bytes()
        folders.place(folder, "1.part").write_bytes(data)
        sent = [Received("orders.csv", "1.part", len(data))]
        number = services.begin(caller, Kind.ORDERS, folder, sent, language="en", at=now)
        services.keep_text(caller, number, {mapping!r})
        services.start_check(caller, number, at=now)
        print(number)
"""
START = """
    from datetime import UTC, datetime
    from laoke.surfaces.cli.session import ready
    with ready():
        from laoke.foundation.access import ROLE_SCOPES, Caller, Role
        from laoke.surfaces.importing.models import FileImport
        from laoke.surfaces.importing.uploads import services
        row = FileImport.objects.get(pk={number})
        caller = Caller("staff", row.staff_id, "owner-7", ROLE_SCOPES[Role.OWNER])
        services.start(caller, row.pk, at=datetime.now(UTC))
"""


def test_an_import_from_the_page_goes_on_when_its_worker_is_killed(place):
    """What the page does, by the same services; the worker is killed in the trial run and twice in the import."""
    place.script(OPEN)
    file = place.home / "orders.csv"
    bad = 0
    with file.open("w") as out:
        print("no,at,store,card,sku,quantity,paid", file=out)
        at = datetime(2025, 1, 1, 9, tzinfo=UTC)
        for number in range(ORDERS):
            at += timedelta(minutes=50)
            # Every thousandth order has a line that cannot be used.
            quantity = "x" if number % 1000 == 999 else "1"
            bad += quantity == "x"
            head = f"N{number},{at:%Y-%m-%d %H:%M},S{number % 3},c{number % 400:04}"
            print(
                f"{head},A{number % 90},{quantity},{number % 300 + 1}.50\n{head},B{number % 7},2,20", file=out
            )
    good = ORDERS - bad
    up = place.start("up")
    eventually(lambda: healthy(place), 60, "laoke up did not come up")
    number = int(place.script(SEND.format(file=str(file), mapping=textwrap.dedent(MAPPING))))

    def state() -> str:
        return str(place.ask(f"select state from importing_fileimport where id = {number}")[0][0])

    def count() -> int:
        return int(place.ask("select count(*) from purchases_order")[0][0])

    def kill_worker() -> None:
        for process in place.family():
            with suppress(psutil.Error):
                if "laoke.surfaces.worker" in process.cmdline():
                    process.kill()
        # The sweep finds by itself what a dead worker left, when its heartbeat is old; here it is old at once.
        place.ask("update procrastinate_workers set last_heartbeat = now() - interval '1 hour' returning id")

    eventually(lambda: state() != "check_waits", 40, "the trial run did not begin")
    kill_worker()
    eventually(lambda: state() == "checked", 120, "the trial run was not done again")
    check = place.ask(f"select check_outcome from importing_fileimport where id = {number}")[0][0]
    assert (check["rows"], check["orders"], check["left_out"], check["rows_bad"]) == (
        2 * ORDERS, good, bad, bad,
    )  # fmt: skip
    assert count() == 0

    place.script(START.format(number=number))
    seen = []
    for part in (1, ORDERS // 2):
        eventually(lambda part=part: count() >= part or state() == "done", 90, "no order came in")
        kill_worker()
        seen.append(count())
    assert 0 < seen[0] <= seen[1]
    eventually(lambda: state() == "done", 150, "the import did not go on")
    assert place.ask("select count(*), count(distinct (store_id, order_no)) from purchases_order") == [
        (good, good)
    ]
    assert place.ask("select count(*) from purchases_orderline") == [(2 * good,)]
    expected = sum(n % 300 + 1 + 20 for n in range(ORDERS) if n % 1000 != 999)
    assert place.ask("select sum(points_earned)::int from purchases_order") == [(expected,)]
    assert place.ask("select sum(earned_total)::int from points_account") == [(expected,)]
    outcome = place.ask(f"select outcome from importing_fileimport where id = {number}")[0][0]
    assert (outcome["added"] + outcome["known"], outcome["left_out"], outcome["rows_bad"]) == (good, bad, bad)
    # What the pages say of it: all that went in, however many runs it took.
    task, done, total, unit, detail = place.ask(
        "select state, done, total, unit, detail from foundation_taskprogress "
        f"where name = 'imports.work' and key = '{number}'"
    )[0]
    assert (task, done, total, unit) == ("done", 2 * ORDERS, 2 * ORDERS, "rows")
    assert (detail["added"], detail["rows_bad"]) == (good, bad)
    ((folder,),) = place.ask(f"select folder from importing_fileimport where id = {number}")
    report = place.home / "data" / "uploads" / folder / "report.entries"
    lines = report.read_text(encoding="utf-8").splitlines()
    assert len(lines) == 2 * bad  # the row, and its order
    assert lines[0].startswith("orders.csv,2000,quantity,quantity,2,")
    assert not (place.home / "data" / "uploads" / folder / "1.csv").exists()

    up.send_signal(signal.SIGINT)
    assert up.wait(30) == 0
    check_books = place.run("check")
    assert check_books.returncode == 0, check_books.stdout
