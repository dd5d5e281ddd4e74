-- Entries of the audit trail, newest first. Grain: one row per entry. The conditions are those asked for.
select id, at, actor_kind, actor, action, object_kind, object_id, before::text, after::text, reason
from foundation_auditentry
where /*conditions*/
order by at desc, id desc
limit %(limit)s
