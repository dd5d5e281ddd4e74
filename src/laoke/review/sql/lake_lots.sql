-- Lots of points with something left, for the lake. Grain: one row a lot. Read by DuckDB from the attached database.
select member_id, timezone({zone}, expires_at)::date as expires_date, remaining::bigint as remaining
from shop.public.points_lot
where remaining > 0
