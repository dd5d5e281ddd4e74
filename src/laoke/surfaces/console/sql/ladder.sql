-- Members on each tier. Grain: one row per tier that somebody stands on. $stores null: all members, else those at home
-- in one of them.
select standing.tier, count(*) as members
from tiers_standing standing
where %(stores)s::bigint[] is null
    or standing.member_id in (select id from members_member where home_store_id = any(%(stores)s::bigint[]))
group by standing.tier
