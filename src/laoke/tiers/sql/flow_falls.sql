-- Members who would fall from the highest tiers and are still members, in order of their numbers.
-- Grain: one row a member. Parameters: run; lacks; stores (null: all); after; most.
select f.member_id, m.name_masked, f.from_tier, f.to_tier, f.lack, f.purchases, f.spend_minor, f.store_id
from tiers_tierflowfall f
join members_member m on m.id = f.member_id and m.status in ('active', 'blocked')
where
    f.run_id = %(run)s
    and f.lack = any(%(lacks)s)
    and f.member_id > %(after)s
    and (%(stores)s::bigint[] is null or f.store_id = any(%(stores)s::bigint[]))
order by f.member_id
limit %(most)s
