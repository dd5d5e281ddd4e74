-- Members above the lowest tier whom a review of a day will judge. Grain: one row a member.
-- Parameters: lowest; day, its first instant; after; batch.
select member_id, tier, floor_tier
from tiers_standing
where tier <> %(lowest)s and since < %(day)s and member_id > %(after)s
order by member_id
limit %(batch)s
