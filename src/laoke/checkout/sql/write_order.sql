-- One order and all that follows from it, in one statement: lines, tenders, points spent and earned, the
-- member's account and tier, the event, and the answer under its idempotency key.
-- Arrays are parallel. Without a member the account, lot, posting and tier parts touch nothing.
with the_order as (
    insert into purchases_order (
        id, order_no, member_id, store_id, channel_id, placed_at, biz_date, currency,
        items_minor, discount_minor, total_minor, points_minor, paid_minor,
        points_redeemed, points_earned, earn_base_minor, delivery_status, source,
        programme_version, recorded_at
    )
    values (
        %(order_id)s::bigint, %(order_no)s::text, %(member_id)s::bigint, %(store_id)s::bigint, %(channel_id)s::bigint, %(placed_at)s::timestamptz, %(biz_date)s::date,
        %(currency)s::text, %(items_minor)s::bigint, %(discount_minor)s::bigint, %(total_minor)s::bigint, %(points_minor)s::bigint, %(paid_minor)s::bigint,
        %(points_redeemed)s::int, %(points_earned)s::int, %(earn_base_minor)s::bigint, %(delivery_status)s::text, %(source)s::text,
        %(programme_version)s::bigint, %(recorded_at)s::timestamptz
    )
),
the_lines as (
    insert into purchases_orderline (
        order_id, line_no, product_id, quantity_milli, unit_price_minor, gross_minor, discount_minor,
        net_minor, points_minor, earn_base_minor
    )
    select %(order_id)s::bigint, line.*
    from unnest(
        %(line_no)s::smallint[], %(product_id)s::bigint[], %(quantity_milli)s::bigint[],
        %(unit_price_minor)s::bigint[], %(line_gross_minor)s::bigint[], %(line_discount_minor)s::bigint[],
        %(line_net_minor)s::bigint[], %(line_points_minor)s::bigint[], %(line_earn_base_minor)s::bigint[]
    ) as line
),
the_tenders as (
    insert into purchases_ordertender (order_id, tender_no, kind, amount_minor, reference)
    select %(order_id)s::bigint, tender.position, tender.kind, tender.amount_minor, tender.reference
    from unnest(%(tender_kind)s::text[], %(tender_minor)s::bigint[], %(tender_reference)s::text[])
        with ordinality as tender (kind, amount_minor, reference, position)
),
takes as (
    update points_lot l
    set remaining = l.remaining - take.points
    from unnest(%(take_lot)s::bigint[], %(take_points)s::int[]) as take (lot_id, points)
    where l.id = take.lot_id
),
the_lot as (
    insert into points_lot (member_id, origin, order_id, accrued_at, available_at, expires_at, points, remaining)
    select
        %(member_id)s::bigint, 'order', %(order_id)s::bigint, %(placed_at)s::timestamptz,
        %(available_at)s::timestamptz, %(expires_at)s::timestamptz, %(points_earned)s::int, %(points_earned)s::int - %(repaid)s::int
    where %(points_earned)s::int > 0 and %(member_id)s::bigint is not null
    returning id
),
the_postings as (
    insert into points_posting (member_id, kind, points, lot_id, order_id, at, recorded_at)
    select
        %(member_id)s::bigint, movement.kind, movement.points, movement.lot_id, %(order_id)s::bigint,
        %(placed_at)s::timestamptz, %(recorded_at)s::timestamptz
    from (
        select 1 as step, take.position, 'redemption' as kind, -take.points as points, take.lot_id
        from unnest(%(take_lot)s::bigint[], %(take_points)s::int[]) with ordinality as take (lot_id, points, position)
        union all
        select 2, null, 'accrual', %(points_earned)s::int, the_lot.id from the_lot
        union all
        select 3, null, 'repayment', -%(repaid)s::int, the_lot.id from the_lot where %(repaid)s::int > 0
        union all
        select 4, null, 'repayment', %(repaid)s::int, null from the_lot where %(repaid)s::int > 0
    ) movement
    -- Numbered in the order of use: a return gives back what was used last.
    order by movement.step, movement.position
),
the_account as (
    update points_account
    set
        balance = balance + %(points_earned)s::int - %(points_redeemed)s::int,
        debt = debt - %(repaid)s::int,
        earned_total = earned_total + %(points_earned)s::int,
        redeemed_total = redeemed_total + %(points_redeemed)s::int,
        version = version + 1
    where member_id = %(member_id)s::bigint
),
the_standing as (
    update tiers_standing
    set
        tier = coalesce(%(new_tier)s::text, tier),
        since = coalesce(%(tier_at)s::timestamptz, since),
        period_date = %(period_date)s::date,
        valid_until = %(valid_until)s::date,
        extended_from = %(extended_from)s::date,
        due_date = %(due_date)s::date,
        dues_version = %(programme_version)s::bigint
    where member_id = %(member_id)s::bigint and %(stands)s::boolean
),
the_change as (
    insert into tiers_tierchange (
        member_id, from_tier, to_tier, at, cause, reasons, order_id, recorded_at
    )
    select
        %(member_id)s::bigint, %(old_tier)s::text, %(new_tier)s::text, %(tier_at)s::timestamptz,
        %(tier_cause)s::text, %(tier_reasons)s::jsonb, %(order_id)s::bigint, %(recorded_at)s::timestamptz
    where %(new_tier)s::text is not null
),
the_events as (
    insert into foundation_outboxmessage (topic, payload, member_id, occurred_at, available_at)
    select
        event.topic, event.payload, %(member_id)s::bigint, %(recorded_at)s::timestamptz,
        %(recorded_at)s::timestamptz
    from (values
        ('order.committed', %(order_committed)s::jsonb),
        ('tier.changed', %(tier_changed)s::jsonb)
    ) as event (topic, payload)
    where event.payload is not null
)
insert into foundation_commandrecord (caller, key, fingerprint, status, answer, created_at)
values (
    %(caller)s::text, %(key)s::text, %(fingerprint)s::bytea, 201, %(answer)s::text, %(recorded_at)s::timestamptz
)
