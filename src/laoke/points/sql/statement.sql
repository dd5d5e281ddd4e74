-- The newest movements of a member's points, each with the balance after it. Parameters: member_id; limit.
-- Grain: one row for what one cause moved at one instant, however many lots it took. `moved` counts what changed
-- hands even where it sums to nothing: a repayment goes from a lot to the debt.
with movements as (
    select
        min(id) as first_id,
        at,
        kind,
        order_id,
        return_id,
        note,
        sum(points)::bigint as points,
        (sum(abs(points)) - abs(sum(points)))::bigint / 2 as moved
    from points_posting
    where member_id = %(member_id)s
    group by at, kind, order_id, return_id, spending_id, transfer_id, note
)
select
    at,
    kind,
    order_id,
    return_id,
    note,
    points,
    moved,
    (sum(points) over (order by at, first_id))::bigint as balance
from movements
order by at desc, first_id desc
limit %(limit)s
