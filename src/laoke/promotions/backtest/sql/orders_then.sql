-- What each order's member had bought before: completed orders, and when the last of them was placed. Orders of one
-- instant count in the order of their numbers; asked for apart, since all earlier ones are found in the index alone.
-- Parameters: orders (bigint[]).
select o.id, before.orders + same.orders, case when same.orders > 0 then o.placed_at else before.last_at end
from purchases_order o
cross join lateral (
    select count(*)::int as orders, max(e.placed_at) as last_at
    from purchases_order e
    where e.member_id = o.member_id and e.placed_at < o.placed_at and e.total_minor > e.returned_minor
) before
cross join lateral (
    select count(*)::int as orders
    from purchases_order e
    where e.member_id = o.member_id and e.placed_at = o.placed_at and e.id < o.id
        and e.total_minor > e.returned_minor
) same
where o.id = any(%(orders)s::bigint[]) and o.member_id is not null
