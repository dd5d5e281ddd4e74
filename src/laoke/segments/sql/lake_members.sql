-- Members for the lake. Grain: one row a member. No personal data. Read by DuckDB from the attached database.
select id as member_id, registered_date, status, home_store_id
from shop.public.members_member
