-- What members did in each window before a review day, of those still due for it.
-- Grain: one row a member. Parameters: member_ids; lowest; review_date, at (its first instant); window_starts.
select
    s.member_id,
    s.tier,
    s.floor_tier,
    array_agg(coalesce(activity.spend_minor, 0) order by starts.position) as spend_minor,
    array_agg(coalesce(activity.purchases, 0) order by starts.position) as purchases
from tiers_standing s
cross join unnest(%(window_starts)s::timestamptz[]) with ordinality as starts (window_start, position)
left join lateral (
    select
        sum(o.paid_minor - o.refunded_minor)::bigint as spend_minor,
        (count(*) filter (where o.total_minor > o.returned_minor))::int as purchases
    from purchases_order o
    where o.member_id = s.member_id and o.placed_at >= starts.window_start and o.placed_at < %(at)s
) activity on true
where
    s.member_id = any(%(member_ids)s)
    and s.tier <> %(lowest)s
    and s.since < %(at)s
    and (s.reviewed_date is null or s.reviewed_date < %(review_date)s)
group by s.member_id, s.tier, s.floor_tier
order by s.member_id
