-- What rules of earning ask of members whatever the time. Parameters: members (bigint[]).
select id, registered_date, birthday_mmdd
from members_member
where id = any(%(members)s::bigint[])
