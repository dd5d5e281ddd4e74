-- How many members went from one tier to another between two instants; from_tier is empty for those who joined since.
-- Grain: one row a pair of tiers. Parameters: first, second.
with newest as (
    select
        member_id,
        max(id) filter (where at < %(first)s) as first_id,
        max(id) as second_id
    from tiers_tierchange
    where at < %(second)s
    group by member_id
)
select coalesce(f.to_tier, ''), s.to_tier, count(*)
from newest n
join tiers_tierchange s on s.id = n.second_id
left join tiers_tierchange f on f.id = n.first_id
group by 1, 2
