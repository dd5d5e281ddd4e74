-- How many members would fall from the highest tiers and are still members, by what they lack.
-- Grain: one row a lack. Parameters: run; stores (null: all).
select f.lack, count(*)
from tiers_tierflowfall f
join members_member m on m.id = f.member_id and m.status in ('active', 'blocked')
where f.run_id = %(run)s and (%(stores)s::bigint[] is null or f.store_id = any(%(stores)s::bigint[]))
group by 1
