-- What is left of purchases of many members before an instant, by the latest of some instants they are not before.
-- Grain: one row a member and stretch of time, numbered from 1. Parameters: member_ids; starts, ascending; until.
select
    member_id,
    width_bucket(placed_at, %(starts)s::timestamptz[]) as stretch,
    sum(paid_minor - refunded_minor)::bigint as spend_minor,
    (count(*) filter (where total_minor > returned_minor))::int as purchases
from purchases_order
where
    member_id = any(%(member_ids)s)
    and placed_at >= %(first)s
    and placed_at < %(until)s
group by 1, 2
