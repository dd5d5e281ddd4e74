-- Members above the lowest tier who have not been judged on the review day.
-- Grain: one row a member. Parameters: lowest; review_date, at (its first instant); after; batch.
select member_id
from tiers_standing
where
    tier <> %(lowest)s
    and since < %(at)s
    and (reviewed_date is null or reviewed_date < %(review_date)s)
    and member_id > %(after)s
order by member_id
limit %(batch)s
