-- Moves on the ladder for the lake. Grain: one row a move. Read by DuckDB from the attached database.
select member_id, id as move_id, timezone({zone}, "at")::date as biz_date, to_tier
from shop.public.tiers_tierchange
