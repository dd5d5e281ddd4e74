-- How many members went from one tier to another between two instants; from_tier is empty for those who joined since,
-- to_tier for those erased since. Whoever was merged into another is counted as that one.
-- Grain: one row a pair of tiers. Parameters: first, second.
with newest as (
    select
        member_id,
        max(id) filter (where at < %(first)s) as first_id,
        max(id) as second_id
    from tiers_tierchange
    where at < %(second)s
    group by member_id
),
stood as (
    select
        case when m.status = 'erased' and m.updated_at < %(first)s then '' else coalesce(f.to_tier, '') end as from_tier,
        case when m.status = 'erased' and m.updated_at < %(second)s then '' else s.to_tier end as to_tier
    from newest n
    join members_member m on m.id = n.member_id and m.merged_into_id is null
    join tiers_tierchange s on s.id = n.second_id
    left join tiers_tierchange f on f.id = n.first_id
)
select from_tier, to_tier, count(*)
from stood
where from_tier <> '' or to_tier <> ''
group by 1, 2
