-- What never changes of members. Parameters: members (bigint[]).
select m.id, m.registered_date, m.birthday_mmdd
from members_member m
where m.id = any(%(members)s::bigint[])
