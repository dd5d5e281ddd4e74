"""What is announced of offers through the outbox."""

from __future__ import annotations

from laoke.foundation.outbox.topics import declare

BUDGET_ALARM = declare(
    "offer.budget_alarm",
    "An offer has used as many percent of its budget as its `alarm_at` asks to be told of. Once for each, until "
    "the limits are published anew.",
    offer="key of the offer",
    percent="the percent of the budget that was reached",
    budget_minor="the budget",
    spent_minor="what is out of it, less what returns gave back",
    programme_version="the version that the limits are of",
)
USED_UP = declare(
    "offer.used_up",
    "Of an offer with limits nothing is left that could be given. Once, until the limits are published anew.",
    offer="key of the offer",
    in_total="how many uses there are in all; null: no such limit",
    uses="uses so far, less those that returns gave back",
    budget_minor="the budget; null: no such limit",
    spent_minor="what is out of it, less what returns gave back",
    programme_version="the version that the limits are of",
)
