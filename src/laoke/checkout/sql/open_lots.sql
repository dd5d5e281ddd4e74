-- The member's open lots usable at an instant, in no particular order: the engine orders them.
select id, accrued_at, expires_at, remaining, order_id
from points_lot
where member_id = %(member_id)s::bigint and remaining > 0 and expires_at > %(at)s::timestamptz
