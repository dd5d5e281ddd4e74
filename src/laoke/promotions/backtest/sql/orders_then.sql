-- What each order's member had bought before: completed orders, and when the last of them was placed.
-- Parameters: orders (bigint[]).
select o.id, before.orders, before.last_at
from purchases_order o
cross join lateral (
    select count(*)::int as orders, max(e.placed_at) as last_at
    from purchases_order e
    where e.member_id = o.member_id and e.placed_at <= o.placed_at and e.id <> o.id
        and (e.placed_at < o.placed_at or e.id < o.id) and e.total_minor > e.returned_minor
) before
where o.id = any(%(orders)s::bigint[]) and o.member_id is not null
