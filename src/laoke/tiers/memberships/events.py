"""What paid memberships announce through the outbox."""

from __future__ import annotations

from laoke.foundation.outbox.topics import declare

STARTED = declare(
    "membership.started",
    "A member has a paid membership now: bought, on trial, or upgraded from a cheaper plan.",
    membership_id="the membership",
    member_id="the member",
    plan="code of the plan",
    tier="code of the tier it gives",
    until="the last day paid",
    paid_minor="what was paid, in minor units",
    trial="true where it is a trial",
    renews="true where the payment system renews it",
    from_plan="code of the plan it was upgraded from; null otherwise",
)
RENEWED = declare(
    "membership.renewed",
    "A paid membership lasts longer.",
    membership_id="the membership",
    member_id="the member",
    plan="code of the plan",
    tier="code of the tier it gives",
    until="the last day paid",
    paid_minor="what was paid, in minor units",
    renews="true where the payment system renews it",
    from_trial="true where nothing but a trial was had before",
)
CANCELLED = declare(
    "membership.cancelled",
    "A paid membership is not renewed any more and ends on its last day: the payment system stops collecting.",
    membership_id="the membership",
    member_id="the member",
    plan="code of the plan",
    until="the last day paid",
)
ENDING = declare(
    "membership.ending",
    "A paid membership or a trial ends in 30, 7 days or one day: once for each of these before each end.",
    membership_id="the membership",
    member_id="the member",
    plan="code of the plan",
    tier="code of the tier it gives",
    until="the last day paid",
    days="how many days are left to it",
    trial="true where it is a trial",
    renews="true where the payment system renews it",
)
ENDED = declare(
    "membership.ended",
    "A paid membership has come to its end, and its tier with it. Refunds say `membership.refunded` instead.",
    membership_id="the membership",
    member_id="the member",
    plan="code of the plan",
    tier="code of the tier it gave",
    until="the last day paid",
    cause="ended; upgraded: another plan has taken its place; merged: a card of the same member's; erased",
)
REFUNDED = declare(
    "membership.refunded",
    "A paid membership was given up and money came back; its tier ended at once.",
    membership_id="the membership",
    member_id="the member",
    plan="code of the plan",
    tier="code of the tier it gave",
    until="the last day paid",
    refund_minor="what came back, in minor units",
    unused_days="paid days that had not begun",
    benefits_minor="taken off for benefits used, in minor units",
    reference="of the refund",
)
