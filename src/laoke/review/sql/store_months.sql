-- Count every store anew: members at home, and what was sold from $start to $until. Adds one row per store.
-- An order counts while something of it was kept; sales are net of what came back.
with homes as (
    select home_store_id as store_id, count(*) as members
    from members_member
    where home_store_id is not null and status in ('active', 'blocked')
    group by home_store_id
),
sold as (
    select
        store_id,
        count(*) as orders,
        count(distinct member_id) as buyers,
        sum(total_minor - returned_minor) as net_minor,
        sum(total_minor - returned_minor) filter (where member_id is not null) as member_net_minor
    from purchases_order
    where placed_at >= %(start)s and placed_at < %(until)s and total_minor > returned_minor
    group by store_id
)
insert into review_storemonth (store_id, as_of, members, orders, buyers, net_minor, member_net_minor)
select
    store.id,
    %(as_of)s,
    coalesce(homes.members, 0),
    coalesce(sold.orders, 0),
    coalesce(sold.buyers, 0),
    coalesce(sold.net_minor, 0),
    coalesce(sold.member_net_minor, 0)
from purchases_store store
left join homes on homes.store_id = store.id
left join sold on sold.store_id = store.id
