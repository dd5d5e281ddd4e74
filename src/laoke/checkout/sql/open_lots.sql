-- The member's open lots that have not expired at an instant, in no particular order: the engine orders them, and knows
-- what is pending or set aside.
select id, accrued_at, expires_at, remaining, order_id, available_at, held
from points_lot
where member_id = %(member_id)s::bigint and remaining > 0 and expires_at > %(at)s::timestamptz
