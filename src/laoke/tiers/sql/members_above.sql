-- Members above the lowest tier, and whether a review of a day will judge them. Grain: one row a member.
-- Parameters: lowest; day, its first instant; after; batch.
select member_id, tier, floor_tier, since < %(day)s as judged, due_date
from tiers_standing
where tier <> %(lowest)s and member_id > %(after)s
order by member_id
limit %(batch)s
