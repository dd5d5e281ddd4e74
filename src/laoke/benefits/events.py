"""What this module announces through the outbox."""

from __future__ import annotations

from laoke.foundation.outbox.topics import declare

ISSUED = declare(
    "coupon.issued",
    "A member got a coupon: by hand, or with an order. Issues to many members say `coupon_batch.ended` instead.",
    coupon_id="the coupon",
    template="key of its template",
    member_id="the member",
    order_id="the order it came with; null when it was given by hand",
    valid_until="until before this instant it can be used",
)
USED = declare(
    "coupon.used",
    "A coupon was used on an order.",
    coupon_id="the coupon",
    template="key of its template",
    member_id="the member who bought; null for an anonymous purchase",
    order_id="the order",
    amount_minor="what the offers it called took off, in minor units",
)
GIVEN_BACK = declare(
    "coupon.given_back",
    "A used coupon can be used again: everything it was used on came back.",
    coupon_id="the coupon",
    template="key of its template",
    member_id="the member whose wallet it is in; null for a code in nobody's wallet",
    order_id="the order it had been used on",
    valid_until="until before this instant it can be used",
)
REVOKED = declare(
    "coupon.revoked",
    "A coupon can no longer be used: it was revoked by hand, or the order it came with was returned.",
    coupon_id="the coupon",
    template="key of its template",
    member_id="the member whose wallet it was in; null for a code in nobody's wallet",
    order_id="the order that was returned; null when it was revoked by hand",
)
TRANSFERRED = declare(
    "coupon.transferred",
    "A coupon went from one member to another.",
    coupon_id="the coupon",
    template="key of its template",
    member_id="the member who has it now",
    from_member_id="the member who had it",
)
BATCH_ENDED = declare(
    "coupon_batch.ended",
    "An issue of coupons to many has ended.",
    batch_id="the issue",
    template="key of the template",
    state="done or stopped",
    issued="coupons issued",
    refused="members who got nothing, and codes that were not made",
)
PUBLISHED = declare(
    "benefit.published",
    "A benefit is new, another one or gone: members who have it can be told.",
    benefit="key of the benefit",
    change="added, changed or ended",
    kind="coupon, points, gift, service, experience, access or partner_code",
    tiers="codes of the tiers it names; none: everybody",
    programme_version="the version of the programme it came with",
)
GRANTED = declare(
    "benefit.granted",
    "A benefit was granted to a member.",
    grant_id="the grant",
    benefit="key of the benefit",
    member_id="the member",
    cause="birthday, upgrade, joining or hand",
    valid_from="from this instant it can be used",
    valid_until="until before this instant",
)
USED_BENEFIT = declare(
    "benefit.used",
    "A member used a benefit.",
    use_id="the use",
    benefit="key of the benefit",
    kind="coupon, points, gift, service, experience, access or partner_code",
    member_id="the member",
    units="how many units of it",
    cost_minor="what they cost, in minor units",
    reference="the order or receipt it goes with; may be empty",
)
UNDONE_BENEFIT = declare(
    "benefit.undone",
    "The use of a benefit was taken back, with everything it had brought.",
    use_id="the use",
    benefit="key of the benefit",
    member_id="the member",
    units="how many units of it",
    cost_minor="what they had cost, in minor units",
    reference="the order or receipt it went with; may be empty",
)
BUDGET_ALARM = declare(
    "benefit.budget_alarm",
    "What the benefits of a tier cost this year has passed the mark for an alarm, or reached the budget.",
    tier="code of the tier",
    year="the calendar year",
    stage="alarm or reached",
    spent_minor="what they cost so far, in minor units",
    budget_minor="what they may cost, in minor units",
)
MALL_ORDERED = declare(
    "mall.ordered",
    "A member got something for points, or reserved goods to be collected.",
    order_id="the order of the mall",
    item="key of the item",
    kind="goods, service, coupon, seat or charity",
    member_id="the member",
    quantity="how many",
    points="points that were spent",
    state="reserved, or done at once",
)
MALL_MOVED = declare(
    "mall.moved",
    "An order of the mall can be collected, was collected, or was cancelled and its points given back.",
    order_id="the order of the mall",
    item="key of the item",
    member_id="the member",
    state="ready, collected or cancelled",
    keep_until="until before this instant it can be collected; null where it is not waiting",
)
