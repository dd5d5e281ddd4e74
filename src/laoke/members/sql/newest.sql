-- All members, newest registration first. Grain: one row per member.
select id, status, name_masked, registered_at, home_store_id
from members_member
where status in ('active', 'blocked')
    and (registered_at, id) < (coalesce(%(after_at)s::timestamptz, 'infinity'), coalesce(%(after_id)s::bigint, 0))
order by registered_at desc, id desc
limit %(limit)s
