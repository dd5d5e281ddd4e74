"""One account pulled at from 64 sides while web, worker and database are killed: no point is made, none is lost.

Every client keeps what it was told. In the end the account is what the answers say, to the point, and the identities
hold; what was never answered was sent again until it was.
"""

from __future__ import annotations

import http.client
import json
import logging
import random
import signal
import threading
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.test_faults import Killer, Place, eventually, healthy, place  # noqa: F401

pytestmark = pytest.mark.faults
log = logging.getLogger(__name__)

PATIENCE = 90.0
FRIENDS = 3
STRIKES = ("one_web_process", "database", "worker", "all_web_processes", "server")
# What is refused is refused for these reasons, and moves nothing.
REFUSALS = {
    "insufficient-points",
    "points-refused",
    "hold-ended",
    "points-owed",
    "transfer-limit",
    "transfer-undone",
}

OPEN = f"""
    import json
    from datetime import UTC, datetime
    from laoke.surfaces.cli.session import ready
    with ready(migrate=True):
        from laoke.checkout import programme
        from laoke.foundation.access import SYSTEM
        from laoke.points import services
        from tests.shop import POINTS, open_shop
        now = datetime.now(UTC)
        shop = open_shop(at=now, points=POINTS | {{"transfers": "keep"}})
        cup = {{"name": {{"zh": "杯", "en": "Cup"}}, "goods": {{}}, "points": 50}}
        programme.apply(SYSTEM, {{"benefits": {{"mall": {{"cup": cup}}}}}}, at=now)
        members = [shop.member(at=now) for _ in range(1 + {FRIENDS})]
        for member in members:
            services.apply(SYSTEM, member, 3000, "opening", at=now)
        print(json.dumps({{"key": shop.key, "members": members}}))
"""


@dataclass(eq=False)
class Client(threading.Thread):
    """Does this and that with the account, each with its key, and insists until it is answered."""

    number: int
    port: int
    api_key: str
    members: list[int]
    closing: threading.Event
    moved: Counter[int] = field(default_factory=Counter)  # points by member, as the answers say
    held: Counter[int] = field(default_factory=Counter)
    done: Counter[str] = field(default_factory=Counter)
    repeats: int = 0
    trouble: str = ""

    def __post_init__(self) -> None:
        super().__init__(name=f"client {self.number}", daemon=True)
        self._chance = random.Random(self.number)
        self._account = self.members[0]
        self._sent = 0
        self._orders: list[int] = []

    def run(self) -> None:
        """Until it is time to close."""
        ways = (self.buy, self.buy, self.bring_back, self.hold, self.give, self.redeem, self.adjust)
        try:
            while not self.closing.is_set():
                self._chance.choice(ways)()
        except Exception as error:
            self.trouble = f"{type(error).__name__}: {error}"

    def buy(self, **more: Any) -> None:
        """An order, every other one paid with points in part."""
        number = f"O{self.number}-{self._sent}"
        body = {
            "store": "S1",
            "channel": "pos",
            "order_no": number,
            "placed_at": datetime.now(UTC).isoformat(),
            "member": {"member_id": self._account},
            "lines": [{"sku": "rice", "quantity": "1"}],
        }
        body |= more or {"points_to_redeem": self._chance.choice((0, 100))}
        answer = self._ask("bought", "/v1/orders", body)
        if answer:
            self._orders.append(answer["order_id"])
            self.moved[self._account] += answer["points_earned"] - answer["points_redeemed"]

    def bring_back(self) -> None:
        """One of the own orders, whole."""
        if self._orders:
            order = self._orders.pop(self._chance.randrange(len(self._orders)))
            body = {"return_no": f"R{order}", "returned_at": datetime.now(UTC).isoformat()}
            answer = self._ask("brought back", f"/v1/orders/{order}/returns", body)
            if answer:
                gone = answer["points_clawed_back"] + answer["points_debt"]
                self.moved[self._account] += answer["points_restored"] - gone

    def hold(self) -> None:
        """Set points aside; then they are spent by an order or elsewhere, let go of, or stay."""
        body = {"member_id": self._account, "points": 100, "reference": "cart", "minutes": 60}
        answer = self._ask("held", "/v1/points/holds", body)
        if not answer:
            return
        number, how = answer["hold_id"], self._chance.choice(("order", "capture", "void", "stay"))
        if how == "order":
            self.buy(points_hold=number)
        elif how == "capture":
            taken = self._ask("captured", f"/v1/points/holds/{number}/capture", {"points": 40})
            self.moved[self._account] -= taken["points"] if taken else 0
        elif how == "void":
            self._ask("let go", f"/v1/points/holds/{number}/void", {})
        else:
            self.held[self._account] += 100

    def give(self) -> None:
        """To a friend or from one; some of it is taken back."""
        giver, receiver = self._account, self._chance.choice(self.members[1:])
        if self._chance.random() < 0.5:
            giver, receiver = receiver, giver
        body = {"giver_id": giver, "receiver_id": receiver, "points": self._chance.choice((30, 70))}
        answer = self._ask("given", "/v1/points/transfers", body)
        if not answer:
            return
        self._move(giver, receiver, answer["points"])
        if self._chance.random() < 0.5:
            path = f"/v1/points/transfers/{answer['transfer_id']}/undo"
            undone = self._ask("given back", path, {"reason": "by mistake", "force": True})
            if undone:
                assert not undone["expired"]
                self._move(receiver, giver, undone["points"])

    def redeem(self) -> None:
        """Something from the points mall; half of it is cancelled."""
        body = {"item": "cup", "quantity": 1, "store": "S1"}
        answer = self._ask("redeemed", f"/v1/members/{self._account}/mall-orders", body)
        if not answer:
            return
        self.moved[self._account] -= answer["points"]
        if self._chance.random() < 0.5:
            path = f"/v1/mall-orders/{answer['order_id']}/cancel"
            if self._ask("redeemed no more", path, {"reason": "changed mind"}):
                self.moved[self._account] += answer["points"]

    def adjust(self) -> None:
        """Points given or taken by hand."""
        points = self._chance.choice((25, -25))
        path = f"/v1/members/{self._account}/points/adjustments"
        answer = self._ask("adjusted", path, {"points": points, "reason": "by hand"})
        if answer:
            self.moved[self._account] += answer["points"]

    def _move(self, giver: int, receiver: int, points: int) -> None:
        self.moved[giver] -= points
        self.moved[receiver] += points

    def _ask(self, what: str, path: str, body: dict[str, Any]) -> dict[str, Any] | None:
        """What was answered; None where it was refused for a reason that there is."""
        self._sent += 1
        key, deadline = f"c{self.number}-{self._sent}", time.monotonic() + PATIENCE
        tries = 0
        while True:
            tries += 1
            with suppress(OSError, http.client.HTTPException):
                status, answer = self._send(path, json.dumps(body).encode(), key)
                if status < 500:
                    break
            if time.monotonic() > deadline:
                raise TimeoutError(f"{path} was not answered in {PATIENCE} s")
            time.sleep(0.1)
        self.repeats += tries > 1
        if status < 300:
            self.done[what] += 1
            return dict(answer)
        reason = answer["type"].rsplit("/", 1)[-1]
        assert reason in REFUSALS, (path, body, answer)
        self.done["refused"] += 1
        return None

    def _send(self, path: str, body: bytes, key: str) -> tuple[int, Any]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=15)
        try:
            headers = {
                "Authorization": f"Bearer {self.api_key}",
                "Content-Type": "application/json",
                "Idempotency-Key": key,
            }
            connection.request("POST", path, body, headers)
            response = connection.getresponse()
            return response.status, json.loads(response.read())
        finally:
            connection.close()


@pytest.mark.parametrize(
    ("clients", "seconds", "strikes"),
    [
        pytest.param(12, 4.0, STRIKES[:3], id="short"),
        pytest.param(64, 60.0, STRIKES * 3, id="a minute", marks=pytest.mark.slow),
    ],
)
def test_many_clients_on_one_account_while_everything_is_killed(
    place: Place,  # noqa: F811
    clients: int,
    seconds: float,
    strikes: tuple[str, ...],
) -> None:
    opened = json.loads(place.script(OPEN))
    members = opened["members"]
    up = place.start("up")
    eventually(lambda: healthy(place), 30, "laoke up did not come up")
    closing = threading.Event()
    crowd = [Client(number, place.port, opened["key"], members, closing) for number in range(clients)]
    for client in crowd:
        client.start()

    killer, begun = Killer(place, up), time.monotonic()
    order = random.sample(strikes, len(strikes))
    for blow in order:
        time.sleep(random.uniform(0.3, 1.7) * seconds / (len(order) + 1))
        killer.strike(blow)
    time.sleep(max(0.0, begun + seconds - time.monotonic()))
    eventually(lambda: healthy(place), 30, "laoke up did not come back")
    # However slow the machine is, there has to be something to lose.
    eventually(lambda: _enough(crowd), PATIENCE, "too little was done")
    closing.set()
    for client in crowd:
        client.join(PATIENCE + 30)
    assert [client.trouble for client in crowd if client.trouble] == []
    assert not any(client.is_alive() for client in crowd)
    assert set(killer.done) == set(strikes)

    moved, held, done = Counter[int](), Counter[int](), Counter[str]()
    for client in crowd:
        moved.update(client.moved)
        held.update(client.held)
        done.update(client.done)
    # What the answers say is what the account is: nothing was done twice, and nothing that was answered is gone.
    points = "select member_id, sum(points)::int from points_posting group by 1"
    assert dict(place.ask(points)) == {member: 3000 + moved[member] for member in members}
    books = "select member_id, balance from points_account"
    assert dict(place.ask(books)) == {member: 3000 + moved[member] for member in members}
    aside = dict(place.ask("select member_id, sum(held)::int from points_lot group by 1"))
    assert {member: aside[member] for member in members} == {member: held[member] for member in members}
    for what, table in (("bought", "purchases_order"), ("brought back", "purchases_orderreturn")):
        assert place.ask(f"select count(*) from {table}") == [(done[what],)]

    up.send_signal(signal.SIGINT)
    assert up.wait(30) == 0
    assert place.family() == []
    check = place.run("check")
    assert check.returncode == 0, check.stdout
    log.info("%s; %d sent again", dict(done), sum(client.repeats for client in crowd))


def _enough(crowd: list[Client]) -> bool:
    done = Counter[str]()
    for client in crowd:
        done.update(dict(client.done))  # a copy: the client goes on
    kinds = {"bought", "brought back", "held", "given", "redeemed", "adjusted"}
    return done.total() - done["refused"] > 3 * len(crowd) and kinds <= set(done)
