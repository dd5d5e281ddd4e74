"""A ledger case played on the books of the engine: declared terms in, balances out. Knows no case."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import Any

from laoke.engine.ledger.book import Book, Outcome
from laoke.engine.ledger.errors import InsufficientPoints, LedgerRefused
from laoke.engine.ledger.terms import (
    NEVER,
    Forever,
    OrderOfUse,
    Received,
    Restoration,
    Shortage,
    Span,
    Terms,
    Validity,
)
from laoke.kernel.rounding import Rounding

ROUNDING = {"floor": Rounding.DOWN, "half_up": Rounding.HALF_UP, "ceil": Rounding.UP}
SHORTAGE = {"negative": Shortage.RECOVER, "partial": Shortage.WAIVE, "reject": Shortage.FORBID}
ORDER = {"earliest_earned": OrderOfUse.AGE, "earliest_expiry": OrderOfUse.EXPIRY}
LAST = datetime.max.replace(tzinfo=UTC)


class NotWhole(Exception):
    """An amount with more decimals than points have here."""


class Play:
    """A case being played."""

    def __init__(self, case: Mapping[str, Any]) -> None:
        config, given = case["config"], case["given"]
        self.unit = 10 ** config["points_decimals"]
        dates = all("T" not in event["at"] for event in given["timeline"])
        # What is usable on a date, or at an instant, ends when that is over.
        whole = timedelta(days=1) if dates else timedelta(microseconds=1)
        self.beyond = whole if config["expiry"]["boundary"] == "inclusive" else timedelta(0)
        self.book = Book(self._terms(config), UTC)
        for i, opening in enumerate(given.get("opening", ())):
            self.book.open(
                opening.get("lot", f"opening {i}"),
                opening["member"],
                self.points(opening["points"]),
                moment(opening["at"]) if "at" in opening else datetime.min.replace(tzinfo=UTC),
                self.end(opening.get("expires_at")) or NEVER,
            )

    def _terms(self, config: Mapping[str, Any]) -> Terms:
        refund, days, overdraft = config["refund"], config["expiry"]["after_days"], config["overdraft"]
        validity: Validity = Forever() if days is None else Span(timedelta(days=days) + self.beyond)
        return Terms(
            validity=validity,
            order_of_use=ORDER[config["lot_order"]],
            overdraft=None if overdraft == "unlimited" else self.points(overdraft),
            shortage=SHORTAGE[refund["when_short"]],
            expired_counts=False,
            clawback_rounding=ROUNDING[refund["clawback_rounding"]],
            restores=refund["restore_redeemed"],
            restoration=Restoration(refund["restore_expiry"]),
            restoration_rounding=ROUNDING[refund["restore_rounding"]],
            undone=Restoration.ORIGINAL,
            received=Received(config["transfer_expiry"]),
        )

    def points(self, text: str) -> int:
        """Points as a whole number of their smallest unit."""
        value = Fraction(text) * self.unit
        if value.denominator != 1:
            raise NotWhole(text)
        return int(value)

    def shown(self, points: int) -> Fraction:
        """Points as the case writes them."""
        return Fraction(points, self.unit)

    def end(self, text: str | None) -> datetime | None:
        """The first moment at which something is over that expires at a date or instant."""
        if text is None:
            return None
        at = moment(text)
        return at + self.beyond if at < LAST - self.beyond else LAST

    def run(self, event: Mapping[str, Any], at: datetime) -> Outcome:
        """Carry out one event."""
        book, key, of = self.book, event.get("id", ""), event.get
        points = self.points(event["points"]) if "points" in event else 0
        if event["op"] == "atomic":
            with book.whole():
                outcomes = [self.run(step, at) for step in event["steps"]]
            return Outcome(
                sum(outcome.points for outcome in outcomes),
                replayed=all(outcome.replayed for outcome in outcomes),
            )
        commands: dict[str, Callable[[], Outcome]] = {
            "earn": lambda: book.earn(
                key,
                event["member"],
                points,
                at=at,
                available_at=moment(event["available_at"]) if "available_at" in event else None,
                expires_at=self.end(of("expires_at")),
                order=of("order"),
            ),
            "spend": lambda: book.spend(
                key, event["member"], points, at=at, clip=event.get("clip", False), order=of("order")
            ),
            "reserve": lambda: book.reserve(
                key, event["member"], points, at=at, expires_at=self.end(of("expires_at")), order=of("order")
            ),
            "capture": lambda: book.capture(
                of("id"), event["reservation"], at=at, points=points if "points" in event else None
            ),
            "void": lambda: book.void(of("id"), event["reservation"], at=at),
            "unlock": lambda: book.unlock(event["lot"], at=at),
            "cancel": lambda: book.cancel(event["lot"], at=at),
            "expire_lot": lambda: book.expire_lot(event["lot"], at=at),
            "reset": lambda: book.reset(event["member"], at=at),
            "adjust": lambda: book.adjust(key, event["member"], points, at=at),
            "transfer": lambda: book.transfer(key, event["from"], event["to"], points, at=at),
            "refund": lambda: book.refund(
                key,
                event["member"],
                event["order"],
                cents(event["amount"]),
                cents(event["order_amount"]),
                at=at,
            ),
            "revert": lambda: book.revert(key, event["of"], at=at, force=event.get("force", False)),
            "suspend": lambda: book.suspend(event["member"], at=at),
            "activate": lambda: book.activate(event["member"], at=at),
            "close": lambda: book.close(event["member"], at=at),
        }
        return commands[event["op"]]()

    def answer(self, event: Mapping[str, Any]) -> dict[str, Any]:
        """What came of an event, as `expect` says it: an error, whether it was a replay, the points moved."""
        try:
            outcome = self.run(event, moment(event["at"]))
        except InsufficientPoints:
            return {"error": "insufficient_points"}
        except LedgerRefused as refused:
            return {"error": refused.reason}
        except NotWhole:
            return {"error": "invalid_amount"}
        return {"replayed": outcome.replayed, "points": self.shown(outcome.points)}

    def balance(self, member: str, at: datetime) -> dict[str, Any]:
        """A member's numbers."""
        account = self.book.account(member, at)
        return {
            "available": self.shown(account.available(at)),
            "pending": self.shown(account.pending(at)),
            "reserved": self.shown(account.held),
            "spent": self.shown(account.spent),
            "expired": self.shown(account.expired),
            "earned": self.shown(account.earned),
        }

    def lot(self, name: str) -> tuple[Fraction, datetime] | None:
        """What is free of a lot, and when it is over."""
        lot = self.book.lot(name)
        return (self.shown(lot.free), lot.expires_at) if lot else None


def moment(text: str) -> datetime:
    """A date is its first instant."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def cents(text: str) -> int:
    """Money exactly, whatever its decimals: only its share of other money matters."""
    return int(Fraction(text) * 10**6)
