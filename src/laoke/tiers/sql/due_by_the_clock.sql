-- Members whom the clock has brought something, and those on tiers with a clock who were last looked at under an older
-- ladder. Grain: one row a member. Parameters: today; timed, codes of tiers with a clock; version, since which the
-- ladder holds; after; batch (null: all).
select member_id
from tiers_standing
where
    (
        due_date <= %(today)s
        or (tier = any(%(timed)s::text[]) and dues_version < %(version)s)
    )
    and member_id > %(after)s
order by member_id
limit %(batch)s
