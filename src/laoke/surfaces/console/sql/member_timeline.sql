-- What happened to a member's points and tier, newest first. Grain: one row per movement or move.
-- The postings of one cause are one movement (an order may take from several lots); the balance is that after it. A
-- repayment moves points from a lot to the debt: its own amount is shown, the balance stays.
with movements as (
    select
        at,
        min(id) as id,
        kind,
        order_id,
        max(note) as note,
        sum(points) as points,
        sum(points) filter (where lot_id is null) as debt_points
    from points_posting
    where member_id = %(member_id)s and %(points)s::boolean
    group by at, kind, order_id, return_id
),
running as (
    select movements.*, sum(points) over (order by at, id) as balance
    from movements
),
everything as (
    select
        running.at,
        running.id,
        running.kind,
        case when running.kind = 'repayment' then running.debt_points else running.points end::bigint as points,
        running.balance::bigint as balance,
        purchase.order_no,
        running.note,
        '' as from_tier,
        '' as to_tier
    from running
    left join purchases_order purchase on purchase.id = running.order_id
        and (%(stores)s::bigint[] is null or purchase.store_id = any(%(stores)s::bigint[]))
    union all
    select at, id, 'tier:' || cause, null, null, null, '', from_tier, to_tier
    from tiers_tierchange
    where member_id = %(member_id)s and %(tiers)s::boolean
)
select at, kind, points, balance, order_no, note, from_tier, to_tier
from everything
order by at desc, id desc
limit %(limit)s
