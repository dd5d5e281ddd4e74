-- One store at $at: members at home, and what was sold since $start. Grain: one row.
-- An order counts while something of it was kept; sales are net of what came back.
select
    (
        select count(*) from members_member
        where home_store_id = %(store)s and status in ('active', 'blocked')
    ) as members,
    count(*) as orders,
    count(distinct member_id) as buyers,
    coalesce(sum(total_minor - returned_minor), 0)::bigint as net_minor,
    coalesce(sum(total_minor - returned_minor) filter (where member_id is not null), 0)::bigint as member_net_minor
from purchases_order
where store_id = %(store)s and placed_at >= %(start)s and placed_at <= %(at)s
    and total_minor > returned_minor
