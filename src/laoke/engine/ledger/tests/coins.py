"""The ledger once more, written another way, to hold the books against: every single point is a coin.

A coin belongs to a lot and is free, held, spent, lapsed or gone. What is owed are slips that wait for a coin. Time goes
day by day. Nothing is fast and nothing is shared with the engine but the words of its terms.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from fractions import Fraction
from math import ceil, floor

from laoke.engine.ledger.terms import OrderOfUse, Received, Restoration, Shortage, Terms
from laoke.kernel.rounding import Rounding

FOREVER = 10**9


class No(Exception):
    """Refused, with the word of the refusal."""


@dataclass(eq=False)
class Batch:
    name: str
    seq: int
    born: int
    ends: int
    usable: int
    order: str | None
    earned: bool
    received: bool = False
    size: int = 0
    taken: int = 0
    cancelled: bool = False


@dataclass(eq=False)
class Coin:
    owner: str
    batch: Batch
    state: str = "free"


@dataclass(eq=False)
class Slip:
    """A point owed by somebody: for a spending or a hold (its name), or taken back (none)."""

    owner: str
    use: str | None


@dataclass(eq=False)
class Use:
    """A spending or a hold: coins and slips, in the order of use."""

    owner: str
    order: str | None
    size: int
    things: list[Coin | Slip] = field(default_factory=list)
    counted: bool = True
    hold: str | None = None  # open, closed, voided, expired
    ends: int = FOREVER
    undone: bool = False


class Model:
    """What the books should say."""

    def __init__(self, terms: Terms, days: int | None) -> None:
        self.terms, self.days, self.today = terms, days, 0
        self.coins: list[Coin] = []
        self.slips: list[Slip] = []
        self.uses: dict[str, Use] = {}
        self.holds: dict[str, Use] = {}
        self.batches: dict[str, Batch] = {}
        self.transfers: dict[str, tuple[str, str, int]] = {}
        self.back: dict[tuple[str, str], int] = {}
        self.state: dict[str, str] = {}
        self.spent: dict[str, int] = {}
        self.owner: dict[str, str] = {}

    # What is there.

    def mine(self, who: str, state: str = "free") -> list[Coin]:
        return [coin for coin in self.coins if coin.owner == who and coin.state == state]

    def usable(self, who: str) -> list[Coin]:
        coins = [c for c in self.mine(who) if c.batch.usable <= self.today < c.batch.ends]
        if self.terms.order_of_use is OrderOfUse.AGE:
            return sorted(coins, key=lambda c: (c.batch.born, c.batch.seq))
        return sorted(coins, key=lambda c: (c.batch.ends, c.batch.born, c.batch.seq))

    def available(self, who: str) -> int:
        return len(self.usable(who)) - sum(slip.owner == who for slip in self.slips)

    def numbers(self, who: str) -> dict[str, int]:
        return {
            "available": self.available(who),
            "pending": sum(c.batch.usable > self.today for c in self.mine(who)),
            "held": sum(u.size for u in self.holds.values() if u.owner == who and u.hold == "open"),
            "spent": self.spent.get(who, 0),
            "expired": len(self.mine(who, "lapsed")),
            "earned": sum(
                b.size
                for b in self.batches.values()
                if b.earned and not b.cancelled and self.owner[b.name] == who
            ),
        }

    def free_of(self, name: str) -> int:
        return sum(c.batch.name == name and c.state == "free" for c in self.coins)

    # Time.

    def pass_days(self, days: int) -> None:
        for _ in range(days):
            self.today += 1
            self._lapse()
            for use in self.holds.values():
                if use.hold == "open" and use.ends <= self.today:
                    self._free(use, use.things)
                    use.hold = "expired"
            self._lapse()
            self._pay()

    def _lapse(self) -> None:
        for coin in self.coins:
            if coin.state == "free" and coin.batch.ends <= self.today:
                coin.state = "lapsed"

    def _pay(self) -> None:
        for slip in sorted(self.slips, key=lambda s: s.use in self.holds):
            coins = self.usable(slip.owner)
            if not coins:
                continue
            self.slips.remove(slip)
            coin = coins[0]
            use = self.holds.get(slip.use or "") or self.uses.get(slip.use or "")
            if use is None:
                coin.state = "gone"
                continue
            coin.state = "held" if slip.use in self.holds else "spent"
            at = use.things.index(next(t for t in use.things if isinstance(t, Slip)))
            use.things.remove(slip)
            use.things.insert(at, coin)

    def _free(self, use: Use, things: list[Coin | Slip]) -> None:
        for thing in list(things):
            if isinstance(thing, Slip):
                self.slips.remove(thing)
            else:
                thing.state = "free"
        use.things = [t for t in use.things if t not in things]

    # Coins come and go.

    def _ends(self) -> int:
        return FOREVER if self.days is None else self.today + self.days

    def _mint(self, who: str, name: str, points: int, *, ends: int, earned: bool, born: int | None = None,
              usable: int = 0, order: str | None = None, received: bool = False) -> None:  # fmt: skip
        batch = Batch(
            name, len(self.batches), self.today if born is None else born, ends, usable, order, earned
        )
        batch.size, batch.received = points, received
        self.batches[name], self.owner[name] = batch, who
        self.coins += [Coin(who, batch) for _ in range(points)]

    def _draw(self, who: str, name: str, points: int, state: str) -> list[Coin | Slip]:
        limit = self.terms.overdraft
        if points and limit is not None and points > self.available(who) + limit:
            raise No("insufficient_points")
        drawn: list[Coin | Slip] = list(self.usable(who)[:points])
        for coin in drawn:
            coin.state = state
        slips = [Slip(who, name) for _ in range(points - len(drawn))]
        self.slips += slips
        return [*drawn, *slips]

    def _use(self, who: str, name: str, points: int, order: str | None = None, counted: bool = True) -> None:
        things = self._draw(who, name, points, "spent")
        self.uses[name] = Use(who, order, points, things, counted)
        if counted:
            self.spent[who] = self.spent.get(who, 0) + points

    def _return(self, use: Use, points: int, restoration: Restoration) -> int:
        """Answers with the coins that have to be minted anew."""
        anew = 0
        slips = [t for t in use.things if isinstance(t, Slip)]
        coins = [t for t in use.things if isinstance(t, Coin)]
        for thing in [*slips, *reversed(coins)][:points]:
            use.things.remove(thing)
            if isinstance(thing, Slip):
                self.slips.remove(thing)
            elif restoration is Restoration.NEW or (
                restoration is Restoration.GRACE and thing.batch.ends <= self.today
            ):
                thing.state = "gone"
                anew += 1
            else:
                thing.state = "free"
        if use.counted:
            self.spent[use.owner] -= points
        self._lapse()
        return anew

    def _anew(self, who: str, name: str, points: int, restoration: Restoration) -> None:
        if points:
            grace = self.today + self.terms.grace_days + 1
            ends = grace if restoration is Restoration.GRACE else self._ends()
            self._mint(who, name, points, ends=ends, earned=False)

    def _seize(self, who: str, own: list[Batch], points: int, shortage: Shortage) -> None:
        free, usable = self.mine(who), self.usable(who)
        waiting = [c for c in free if c.batch in own and c.batch.usable > self.today]
        key = (lambda c: (c.batch.born, c.batch.seq)) if self.terms.order_of_use is OrderOfUse.AGE else (
            lambda c: (c.batch.ends, c.batch.born, c.batch.seq)
        )  # fmt: skip
        lapsed = [c for c in self.mine(who, "lapsed") if c.batch in own] if self.terms.expired_counts else []
        line = sorted(waiting, key=key) + [c for c in usable if c.batch in own] + lapsed
        line += [c for c in usable if c.batch not in own]
        short = max(0, points - len(line))
        if short and shortage is Shortage.FORBID:
            raise No("insufficient_points")
        for coin in line[:points]:
            coin.state = "gone"
        if shortage is Shortage.FLOOR:
            owed = sum(s.owner == who and s.use not in self.holds for s in self.slips)
            short = min(short, max(0, self.terms.floor - owed))
        if shortage in (Shortage.RECOVER, Shortage.FLOOR):
            self.slips += [Slip(who, None) for _ in range(short)]
        for batch in sorted(own, key=lambda b: b.seq):
            share = min(points, batch.size - batch.taken)
            batch.taken += share
            points -= share

    def _live(self, *people: str) -> None:
        for who in people:
            if self.state.get(who, "active") != "active":
                raise No("account_inactive")

    def _not_closed(self, *people: str) -> None:
        for who in people:
            if self.state.get(who) == "closed":
                raise No("account_inactive")

    # Commands.

    def earn(self, name, who, points, wait=0, lasts=None, order=None):
        self._live(who)
        ends = self._ends() if lasts is None else self.today + lasts
        self._mint(who, name, points, ends=ends, earned=True, usable=self.today + wait, order=order)
        self._tidy()

    def spend(self, name, who, points, clip=False, order=None):
        self._live(who)
        if clip:
            points = min(points, max(0, self.available(who)))
        self._use(who, name, points, order)
        self._tidy()

    def adjust(self, name, who, points):
        self._live(who)
        if points < 0:
            self._use(who, name, -points, counted=False)
        else:
            self._mint(who, name, points, ends=self._ends(), earned=False)
        self._tidy()

    def reserve(self, name, who, points, lasts=None, order=None):
        self._live(who)
        things = self._draw(who, name, points, "held")
        ends = FOREVER if lasts is None else self.today + lasts
        self.holds[name] = Use(who, order, points, things, hold="open", ends=ends)

    def _open(self, hold):
        if hold not in self.holds:
            raise No("unknown_reservation")
        use = self.holds[hold]
        if use.hold != "open":
            raise No(f"reservation_{use.hold}")
        return use

    def capture(self, name, hold, points=None):
        use = self._open(hold)
        points = use.size if points is None else points
        if points > use.size:
            raise No("exceeds_reservation")
        kept, rest = use.things[:points], use.things[points:]
        self._free(use, rest)
        for thing in kept:
            if isinstance(thing, Slip):
                thing.use = name
                self.slips.remove(thing)
                self.slips.append(thing)
            else:
                thing.state = "spent"
        use.hold, use.things = "closed", []
        self.uses[name] = Use(use.owner, use.order, points, kept)
        self.spent[use.owner] = self.spent.get(use.owner, 0) + points
        self._tidy()

    def void(self, name, hold):
        use = self._open(hold)
        self._free(use, use.things)
        use.hold = "voided"
        self._tidy()

    def transfer(self, name, giver, receiver, points):
        if giver == receiver:
            raise No("invalid_transfer")
        self._live(giver, receiver)
        self._use(giver, name, points, counted=False)
        use = self.uses[name]
        parts: list[tuple[Batch | None, int]] = []
        for thing in use.things:
            batch = thing.batch if isinstance(thing, Coin) else None
            if parts and parts[-1][0] is batch:
                parts[-1] = (batch, parts[-1][1] + 1)
            else:
                parts.append((batch, 1))
        for i, (batch, size) in enumerate(parts, start=1):
            keep = batch is not None and self.terms.received is Received.KEEP
            ends, born = (batch.ends, batch.born) if keep and batch else (self._ends(), self.today)
            self._mint(receiver, f"{name}/{i}", size, ends=ends, born=born, earned=False, received=True)
        self.transfers[name] = (giver, receiver, len(parts))
        self._tidy()

    def unlock(self, lot):
        self._known(lot).usable = 0
        self._tidy()

    def cancel(self, lot):
        batch = self._known(lot)
        if batch.received or batch.cancelled:
            raise No("not_cancellable")
        batch.cancelled = True
        for coin in self.coins:
            if coin.batch is batch and coin.state == "free":
                coin.state = "gone"

    def expire_lot(self, lot):
        batch = self._known(lot)
        batch.ends = min(batch.ends, self.today)
        self._lapse()

    def reset(self, who):
        for name in [name for name, owner in self.owner.items() if owner == who]:
            self.expire_lot(name)

    def _known(self, lot):
        if lot not in self.batches:
            raise No("unknown_lot")
        return self.batches[lot]

    def refund(self, name, who, order, amount, whole):
        self._not_closed(who)
        back = self.back.get((who, order), 0) + amount
        if back > whole:
            raise No("exceeds_order")
        self.back[who, order] = back
        part = Fraction(back, whole) if whole else Fraction(1)
        uses = [u for u in self.uses.values()
                if u.owner == who and u.order == order and u.counted and not u.undone]  # fmt: skip
        if self.terms.restores and uses:
            due = _round(part * sum(u.size for u in uses), self.terms.restoration_rounding)
            left = max(0, due - sum(u.size - len(u.things) for u in uses))
            anew = 0
            for use in reversed(uses):
                now = min(left, len(use.things))
                anew, left = anew + self._return(use, now, self.terms.restoration), left - now
            self._anew(who, name, anew, self.terms.restoration)
            self._tidy()
        own = [b for b in self.batches.values()
               if b.earned and not b.cancelled and b.order == order and self.owner[b.name] == who]  # fmt: skip
        due = _round(part * sum(b.size for b in own), self.terms.clawback_rounding)
        self._seize(who, own, max(0, due - sum(b.taken for b in own)), self.terms.shortage)
        self._tidy()

    def revert(self, name, of, force=False):
        shortage = Shortage.RECOVER if force else Shortage.FORBID
        if of in self.transfers:
            giver, receiver, count = self.transfers[of]
            self._not_closed(giver, receiver)
            use = self.uses[of]
            if use.undone:
                raise No("already_reversed")
            own = [self.batches[f"{of}/{i}"] for i in range(1, count + 1)]
            self._seize(receiver, own, use.size, shortage)
            for batch in own:
                batch.cancelled = True
        elif of in self.batches:
            batch = self.batches[of]
            self._not_closed(self.owner[of])
            if batch.cancelled:
                raise No("already_reversed")
            self._seize(self.owner[of], [batch], batch.size - batch.taken, shortage)
            batch.cancelled = True
            self._tidy()
            return
        else:
            use = self.uses[of]
            self._not_closed(use.owner)
            if use.undone:
                raise No("already_reversed")
        anew = self._return(use, len(use.things), self.terms.undone)
        self._anew(use.owner, name, anew, self.terms.undone)
        use.undone = True
        self._tidy()

    def suspend(self, who):
        self._not_closed(who)
        self.state[who] = "suspended"

    def activate(self, who):
        self._not_closed(who)
        self.state[who] = "active"

    def close(self, who):
        self._not_closed(who)
        for use in self.holds.values():
            if use.owner == who and use.hold == "open":
                self._free(use, use.things)
                use.hold = "voided"
        self._tidy()
        for coin in self.mine(who):
            coin.state = "gone"
        self.state[who] = "closed"

    def merge(self, name, kept, gone):
        if kept == gone:
            raise No("invalid_transfer")
        self._live(kept)
        self._not_closed(gone)
        self.slips.sort(key=lambda slip: slip.owner == gone)
        for thing in (*self.coins, *self.slips, *self.uses.values(), *self.holds.values()):
            if thing.owner == gone:
                thing.owner = kept
        for use in (*self.uses.values(), *self.holds.values()):
            for thing in use.things:
                if thing.owner == gone:
                    thing.owner = kept
        self.owner = {lot: kept if owner == gone else owner for lot, owner in self.owner.items()}
        for who, order in [key for key in self.back if key[0] == gone]:
            self.back[kept, order] = self.back.pop((who, order))
        self.spent[kept] = self.spent.get(kept, 0) + self.spent.pop(gone, 0)
        self.state[gone] = "closed"
        self._tidy()

    def _tidy(self):
        self._lapse()
        self._pay()

    def attempt(self, name, *args):
        """Carry out a command; refused, nothing has changed. Answers with the word of the refusal, or none."""
        before = copy.deepcopy(self.__dict__) if name in ("refund", "revert", "transfer") else None
        try:
            getattr(self, name)(*args)
        except No as no:
            if before is not None:
                self.__dict__.update(before)
            return str(no)
        return None


def _round(value: Fraction, mode: Rounding) -> int:
    if mode is Rounding.DOWN:
        return floor(value)
    return ceil(value) if mode is Rounding.UP else floor(value + Fraction(1, 2))
