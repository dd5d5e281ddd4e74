-- Living members on each tier; of those without a standing the tier is empty. Grain: one row per tier that somebody
-- stands on. $stores null: all members, else those at home in one of them.
select coalesce(standing.tier, '') as tier, count(*) as members
from members_member member
left join tiers_standing standing on standing.member_id = member.id
where member.status in ('active', 'blocked')
    and (%(stores)s::bigint[] is null or member.home_store_id = any(%(stores)s::bigint[]))
group by 1
