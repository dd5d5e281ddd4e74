-- Members for the lake. Grain: one row a member. No personal data.
select id as member_id, registered_date, status
from members_member
