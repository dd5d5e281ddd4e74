-- Where members stand whom a review judges, of those still due for it.
-- Grain: one row a member. Parameters: member_ids; lowest; review_date, at (its first instant).
select member_id, tier, floor_tier
from tiers_standing
where
    member_id = any(%(member_ids)s)
    and tier <> %(lowest)s
    and since < %(at)s
    and (reviewed_date is null or reviewed_date < %(review_date)s)
order by member_id
