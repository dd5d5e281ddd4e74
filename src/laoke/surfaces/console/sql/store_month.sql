-- One store by what the night of $yesterday counted, with what was sold since $today. Grain: one row; none when the night
-- did not count the store. $start is the first instant the night counted; `whole` are the orders of all stores in it.
with today as (
    select member_id, total_minor - returned_minor as net_minor
    from purchases_order
    where store_id = %(store)s and placed_at >= %(today)s and placed_at <= %(at)s and total_minor > returned_minor
),
new_buyers as (
    select count(*) as members
    from (select distinct member_id from today where member_id is not null) buyers
    where not exists (
        select from purchases_order earlier
        where earlier.member_id = buyers.member_id and earlier.store_id = %(store)s
            and earlier.placed_at >= %(start)s and earlier.placed_at < %(today)s
            and earlier.total_minor > earlier.returned_minor
    )
),
sums as (
    select
        count(*) as orders,
        coalesce(sum(net_minor), 0)::bigint as net_minor,
        coalesce(sum(net_minor) filter (where member_id is not null), 0)::bigint as member_net_minor
    from today
)
select
    night.members + (
        select count(*) from members_member
        where home_store_id = %(store)s and registered_at >= %(today)s and status in ('active', 'blocked')
    ) as members,
    night.orders + sums.orders as orders,
    night.buyers + new_buyers.members as buyers,
    night.net_minor + sums.net_minor as net_minor,
    night.member_net_minor + sums.member_net_minor as member_net_minor,
    (select sum(orders) from review_storemonth)::bigint as whole
from review_storemonth night
cross join sums
cross join new_buyers
where night.store_id = %(store)s and night.as_of = %(yesterday)s
