-- Points that purchases of many members before an instant earned, less what returns took back, each from some instants.
-- Grain: one row a member and instant with purchases. Parameters: member_ids, places and starts, side by side; until.
select
    own.member_id,
    own.place,
    sum(o.points_earned - o.points_clawed_back)::bigint as points
from unnest(%(member_ids)s::bigint[], %(places)s::int[], %(starts)s::timestamptz[]) as own (member_id, place, start)
join purchases_order o
    on o.member_id = own.member_id and o.placed_at >= own.start and o.placed_at < %(until)s
group by own.member_id, own.place
