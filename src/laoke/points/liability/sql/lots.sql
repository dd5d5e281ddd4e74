-- What remains in lots, by month of issue.
select width_bucket(accrued_at, %(bounds)s::timestamptz[]), sum(remaining)::bigint
from points_lot
group by 1
