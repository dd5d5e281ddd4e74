-- Members above the lowest tier who have not been judged on the review day, with what they did in each window.
-- Grain: one row a member. Parameters: lowest; review_date, at (its first instant); window_starts; after; batch.
select
    s.member_id,
    s.tier,
    array_agg(coalesce(activity.spend_minor, 0) order by starts.position) as spend_minor,
    array_agg(coalesce(activity.purchases, 0) order by starts.position) as purchases
from (
    select member_id, tier
    from tiers_standing
    where
        tier <> %(lowest)s
        and since < %(at)s
        and (reviewed_date is null or reviewed_date < %(review_date)s)
        and member_id > %(after)s
    order by member_id
    limit %(batch)s
) s
cross join unnest(%(window_starts)s::timestamptz[]) with ordinality as starts (window_start, position)
left join lateral (
    select
        sum(o.paid_minor - o.refunded_minor)::bigint as spend_minor,
        (count(*) filter (where o.total_minor > o.returned_minor))::int as purchases
    from purchases_order o
    where o.member_id = s.member_id and o.placed_at >= starts.window_start and o.placed_at < %(at)s
) activity on true
group by s.member_id, s.tier
order by s.member_id
