-- The shop at a glance at $at. Grain: one row.
-- Members are those whose home store is among $stores (null: all), orders those placed there. An order counts while
-- something of it was kept; sales are net of what came back.
with kept_orders as (
    select member_id, placed_at, total_minor - returned_minor as net_minor
    from purchases_order
    where placed_at > %(at)s - interval '90 days' and placed_at <= %(at)s
        and total_minor > returned_minor
        and (%(stores)s::bigint[] is null or store_id = any(%(stores)s::bigint[]))
),
people as (
    select id, registered_at
    from members_member
    where status in ('active', 'blocked')
        and (%(stores)s::bigint[] is null or home_store_id = any(%(stores)s::bigint[]))
),
buyers as (
    select member_id, count(*) as purchases, max(placed_at) as last_at
    from kept_orders
    where member_id in (select id from people)
    group by member_id
),
sales as (
    select
        count(*) filter (where placed_at > %(at)s - interval '30 days') as orders,
        count(*) filter (where placed_at <= %(at)s - interval '30 days') as orders_before,
        sum(net_minor) filter (where placed_at > %(at)s - interval '30 days') as net_minor,
        sum(net_minor) filter (where placed_at <= %(at)s - interval '30 days') as net_before_minor,
        sum(net_minor) filter (
            where placed_at > %(at)s - interval '30 days' and member_id is not null
        ) as member_net_minor
    from kept_orders
    where placed_at > %(at)s - interval '60 days'
)
select
    (select count(*) from people) as members,
    (select count(*) from people where registered_at > %(at)s - interval '30 days') as members_new,
    (select count(*) from buyers where last_at > %(at)s - interval '30 days') as active_30,
    (select count(*) from buyers) as active_90,
    (select count(*) from buyers where purchases >= 2) as repeated_90,
    orders,
    orders_before,
    coalesce(net_minor, 0)::bigint as net_minor,
    coalesce(net_before_minor, 0)::bigint as net_before_minor,
    coalesce(member_net_minor, 0)::bigint as member_net_minor
from sales
