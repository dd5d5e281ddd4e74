-- What a member's orders of a day and of a month have earned, less what returns took back. Parameters: member_id;
-- day_starts, day_ends, month_starts, month_ends (timestamptz, ends excluded).
select
    coalesce(sum(points_earned - points_clawed_back) filter (
        where placed_at >= %(day_starts)s::timestamptz and placed_at < %(day_ends)s::timestamptz
    ), 0)::bigint,
    coalesce(sum(points_earned - points_clawed_back), 0)::bigint
from purchases_order
where member_id = %(member_id)s::bigint
    and placed_at >= %(month_starts)s::timestamptz and placed_at < %(month_ends)s::timestamptz
