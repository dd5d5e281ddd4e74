-- Where members stood at three instants, each empty where the member had not joined yet or was erased by then, and for
-- members merged into others. Grain: one row a member. Parameters: first, second, third; after; batch.
with batch as materialized (
    select
        id,
        coalesce(home_store_id, 0) as store_id,
        case when status = 'erased' then updated_at end as left_at,
        merged_into_id is not null as merged
    from members_member
    where id > %(after)s
    order by id
    limit %(batch)s
),
newest as (
    select
        member_id,
        max(id) filter (where at < %(first)s) as first_id,
        max(id) filter (where at < %(second)s) as second_id,
        max(id) as third_id
    from tiers_tierchange
    where member_id = any(array(select id from batch)) and at < %(third)s
    group by member_id
)
select
    b.id,
    b.store_id,
    case when b.merged or b.left_at < %(first)s then '' else coalesce(f.to_tier, '') end as first_tier,
    case when b.merged or b.left_at < %(second)s then '' else coalesce(s.to_tier, '') end as second_tier,
    case when b.merged or b.left_at < %(third)s then '' else coalesce(t.to_tier, '') end as third_tier,
    coalesce(d.floor_tier, '') as floor_tier,
    d.due_date
from batch b
left join newest n on n.member_id = b.id
left join tiers_tierchange f on f.id = n.first_id
left join tiers_tierchange s on s.id = n.second_id
left join tiers_tierchange t on t.id = n.third_id
left join tiers_standing d on d.member_id = b.id
order by b.id
