-- What members did beside buying, with the points it earned, as tiers count it: within the limits, and not undone. An
-- event that was undone may have taken points of others with it, which days in a row had earned. Grain: one row an
-- event, and one more for the friend of a referral. Parameters: member_ids; since, until (instants, until excluded).
select
    member_id,
    id,
    at,
    case when state = 'earned' then kind else '' end as kind,
    points + bonus - points_back as points
from points_activity
where
    member_id = any(%(member_ids)s)
    and at >= %(since)s
    and at < %(until)s
    and (state = 'earned' or (state = 'undone' and points + bonus <> points_back))
union all
select
    friend_id,
    id,
    at,
    '',
    friend_points
from points_activity
where
    friend_id = any(%(member_ids)s)
    and at >= %(since)s
    and at < %(until)s
    and friend_points > 0
    and state <> 'undone'
