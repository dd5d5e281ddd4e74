"""What a move on the ladder brings: benefits that are granted with the way up."""

from __future__ import annotations

from datetime import datetime

from laoke.benefits.library import granting
from laoke.foundation import generations
from laoke.foundation.outbox.registry import Event, subscribe
from laoke.members.errors import MemberErased, UnknownMember
from laoke.tiers import events, ladder
from laoke.tiers.memberships import selectors as memberships

_TRIAL, _PAID = "trial_assigned", "paid_assigned"
# The goods went back, or what was done is undone, or the points went back, or the money.
_WENT_BACK = ("return_downgraded", "undone_downgraded", "bought_removed", "paid_removed")


def grant_with_the_way_up(event: Event, at: datetime) -> None:
    """Up: grant what comes with the tier. Down with the goods or points that reached it: what it brought and was not
    used goes too.
    """
    member_id, now = event.payload["member_id"], event.payload["to_tier"]
    codes = [tier.code for tier in ladder.at_version(generations.current(generations.PROGRAMME)).tiers]
    before = event.payload["from_tier"]
    if before not in codes or now not in codes:
        return
    try:
        # On trial a member has the tier's benefits, and no gift for reaching it.
        cause = event.payload["cause"]
        if cause == _TRIAL or (cause == _PAID and memberships.began_on_trial(member_id, event.occurred_at)):
            return
        if codes.index(now) > codes.index(before):
            granting.reached(member_id, now, at=event.occurred_at)
        elif event.payload["cause"] in _WENT_BACK:
            for tier in codes[codes.index(now) + 1 : codes.index(before) + 1]:
                granting.lost(member_id, tier, at=event.occurred_at)
    except (UnknownMember, MemberErased):
        return


subscribe(events.CHANGED, "tiers.benefits", grant_with_the_way_up, granting.anybody_moving)
