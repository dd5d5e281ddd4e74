-- What was paid for the purchases that earned points, by month.
select width_bucket(placed_at, %(bounds)s::timestamptz[]), sum(paid_minor)::bigint
from purchases_order
where points_earned > 0 and member_id is not null and placed_at >= %(since)s and placed_at < %(until)s
group by 1
