"""An offer's turn: what its effects see and where they put what they give."""

from __future__ import annotations

from fractions import Fraction
from typing import NamedTuple, Protocol

from laoke.engine.pricing.board import Board, State
from laoke.engine.pricing.selectors import Selector


class Gift(NamedTuple):
    """Articles given beside the basket. `choices` are the SKUs to choose from while none was chosen."""

    sku: str
    quantity: int
    choices: tuple[str, ...] = ()


class Grant(NamedTuple):
    """Coupons the member gets when the order is paid."""

    template: str
    quantity: int


class Earns(NamedTuple):
    """More points for what these lines earn: so many times as many, or so many on top."""

    factor: Fraction
    bonus: int
    lines: tuple[int, ...]


class Turn:
    """The state an offer's effects work on, one after the other; each sees what the earlier ones took.

    `once_per_line`: lines that another such offer has taken from are no targets.
    """

    __slots__ = ("board", "earns", "gifts", "grants", "once_per_line", "state")

    def __init__(self, board: Board, state: State, once_per_line: bool = False) -> None:
        self.board = board
        self.state = state
        self.once_per_line = once_per_line
        self.gifts: list[Gift] = []
        self.grants: list[Grant] = []
        self.earns: list[Earns] = []

    def targets(self, selector: Selector | None) -> list[int]:
        """The lines an effect may take from."""
        if not (self.once_per_line and self.state.closed):
            return self.board.targets(selector)
        return [i for i in self.board.targets(selector) if i not in self.state.closed]

    def remaining(self, lines: list[int], *, discounted: bool) -> int:
        """The sum of these lines, with or without what was taken off so far."""
        amounts, taken = self.board.amounts, self.state.taken
        if discounted:
            return sum([amounts[i] - taken[i] for i in lines])
        return sum([amounts[i] for i in lines])


class Effect(Protocol):
    """One thing an offer does.

    `shrinks`: it never gives more when more was taken before it. `shrinks_closed`: nor when lines are closed to it; one
    that picks units might then pick dearer ones. The search for the best combination takes what a shrinking effect
    gives alone as the most it can give.
    """

    @property
    def shrinks(self) -> bool: ...

    @property
    def shrinks_closed(self) -> bool: ...

    def looks_at(self) -> tuple[Selector | None, ...]:
        """The selectors of the lines it reads or takes from; None stands for all lines."""
        ...

    def give(self, turn: Turn) -> None:
        """Take off the turn's state, or add gifts, grants and points."""
        ...
