-- Entries newer than a mark, oldest first: the page before. Grain: one row per entry.
select id, at, actor_kind, actor, action, object_kind, object_id, before::text, after::text, reason
from foundation_auditentry
where /*conditions*/
order by at, id
limit %(limit)s
