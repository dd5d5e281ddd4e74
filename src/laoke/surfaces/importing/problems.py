"""What can be wrong with a row, in words. DuckDB carries the numbers, people read the sentences."""

from __future__ import annotations

from enum import IntEnum

from django.utils.translation import gettext_lazy as _


class Problem(IntEnum):
    """One kind of mistake. The numbers live only as long as an import."""

    MISSING = 1
    NOT_A_NUMBER = 2
    TOO_FINE = 3
    TOO_LARGE = 4
    NEGATIVE = 5
    NOT_POSITIVE = 6
    NOT_A_TIME = 7
    NO_TIME_OF_DAY = 8
    TOO_EARLY = 9
    IN_FUTURE = 10
    NOT_A_DAY = 11
    NOT_YES_NO = 12
    TOO_LONG = 13
    UNPRINTABLE = 14
    NOT_A_CHOICE = 15
    OTHER_CURRENCY = 16
    UNKNOWN_STORE = 17
    UNKNOWN_CHANNEL = 18
    UNKNOWN_PRODUCT = 19
    UNKNOWN_MEMBER = 20
    DISCOUNT_NEGATIVE = 21
    AMOUNTS_DIFFER = 22
    RETURN_UNDECLARED = 23
    NO_ORIGINAL = 24
    HEADERS_DIFFER = 25
    ORDER_LEFT_OUT = 26
    TOO_MANY_LINES = 27
    WRONG_WIDTH = 28
    TWICE_IN_FILE = 29
    UNKNOWN_ORIGINAL = 30
    NOT_IN_ORIGINAL = 31
    REFUSED = 32
    DIFFERS_FROM_KNOWN = 33
    MORE_THAN_BOUGHT = 34
    NO_IDENTITY = 35
    NOT_AN_ANSWER = 36
    BEFORE_PURCHASE = 37


# {0} is the detail found with the row, or the limit of the field.
SENTENCES = {
    Problem.MISSING: _("is empty, but every row needs it"),
    Problem.NOT_A_NUMBER: _("is not a number of at most five decimals, or a part of a sum is empty"),
    Problem.TOO_FINE: _("has more decimals than are kept ({0})"),
    Problem.TOO_LARGE: _("is larger than anything accepted here"),
    Problem.NEGATIVE: _("is below zero"),
    Problem.NOT_POSITIVE: _("is zero; a line needs some quantity"),
    Problem.NOT_A_TIME: _("is not a point in time of the form that was chosen"),
    Problem.NO_TIME_OF_DAY: _("has no time of day; choose one that holds for such cells (time.day_at)"),
    Problem.TOO_EARLY: _("lies before 1990"),
    Problem.IN_FUTURE: _("lies after the day up to which this import counts"),
    Problem.NOT_A_DAY: _("is not a calendar day"),
    Problem.NOT_YES_NO: _("is neither yes nor no"),
    Problem.TOO_LONG: _("is longer than the {0} characters that fit"),
    Problem.UNPRINTABLE: _("holds characters that cannot be printed"),
    Problem.NOT_A_CHOICE: _("is none of {0}"),
    Problem.OTHER_CURRENCY: _("is not the currency the file was said to be in"),
    Problem.UNKNOWN_STORE: _("no such store; import the stores first, or allow unknown ones to be added"),
    Problem.UNKNOWN_CHANNEL: _("no such channel; allow unknown ones to be added, or correct the code"),
    Problem.UNKNOWN_PRODUCT: _(
        "no such product; import the products first, or allow unknown ones to be added"
    ),
    Problem.UNKNOWN_MEMBER: _(
        "no such member; import the members first, or allow unknown ones to be registered"
    ),
    Problem.DISCOUNT_NEGATIVE: _("more is due for the line than its value before reductions"),
    Problem.AMOUNTS_DIFFER: _("gross less discount is not what was paid"),
    Problem.RETURN_UNDECLARED: _(
        "is below zero; if these are returns, say so with the columns (returns: negative_quantity)"
    ),
    Problem.NO_ORIGINAL: _("goods are brought back, but the order they were bought with is not named"),
    Problem.HEADERS_DIFFER: _(
        "the rows of one order differ here; the first row can be made to count (headers: first)"
    ),
    Problem.ORDER_LEFT_OUT: _("order {0} is left out as a whole, because rows of it cannot be used"),
    Problem.TOO_MANY_LINES: _("order {0} has more than 32,767 lines"),
    Problem.WRONG_WIDTH: _("the row has another number of cells than the header: {0}"),
    Problem.TWICE_IN_FILE: _("stands in an earlier row too: {0}"),
    Problem.UNKNOWN_ORIGINAL: _("there is no order {0} in that store"),
    Problem.NOT_IN_ORIGINAL: _("order {0} has no line of this product"),
    Problem.REFUSED: "{0}",
    Problem.DIFFERS_FROM_KNOWN: _("order {0} is in already, with another amount; it was left as it is"),
    Problem.MORE_THAN_BOUGHT: _("more comes back than is left of order {0}"),
    Problem.BEFORE_PURCHASE: _("the goods would come back before order {0} sold them"),
    Problem.NO_IDENTITY: _("the row has nothing a member can be recognised by"),
    Problem.NOT_AN_ANSWER: _("is neither yes nor no, so it is no answer to whether {0} is wanted"),
}


def code(problem: int) -> str:
    """The reason for programs: "not-a-number"."""
    return Problem(problem).name.lower().replace("_", "-")


def sentence(problem: int, detail: str) -> str:
    """The reason as the report gives it."""
    return str(SENTENCES[Problem(problem)]).replace("{0}", detail)
