-- What is left of purchases of many members before an instant, each from an instant of its own.
-- Grain: one row a member with purchases. Parameters: member_ids and starts, side by side; until.
select
    own.member_id,
    sum(o.paid_minor - o.refunded_minor)::bigint as spend_minor,
    (count(*) filter (where o.total_minor > o.returned_minor))::int as purchases
from unnest(%(member_ids)s::bigint[], %(starts)s::timestamptz[]) as own (member_id, start)
join purchases_order o
    on o.member_id = own.member_id and o.placed_at >= own.start and o.placed_at < %(until)s
group by own.member_id
