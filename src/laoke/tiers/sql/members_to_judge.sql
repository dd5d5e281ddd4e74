-- Where members stand. Grain: one row a member. Parameters: day, the first instant of the day of judging; after; batch.
select member_id, tier, floor_tier, since < %(day)s as settled
from tiers_standing
where member_id > %(after)s
order by member_id
limit %(batch)s
