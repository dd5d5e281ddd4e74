-- Who changed what of a member, newest first, below the mark: the audit trail, and the answers about consents, which
-- are facts of their own. Grain: one row per change; (at, source, id) is unique.
with entries as (
    (
        select at, 1 as source, id, actor, action, before::text as before, after::text as after, reason
        from foundation_auditentry
        where object_kind = 'member' and object_id = %(member_id)s::text
            and (
                %(mark_at)s::timestamptz is null
                or (at, 1, id) < (%(mark_at)s::timestamptz, %(mark_source)s::int, %(mark_id)s::bigint)
            )
        order by at desc, id desc
        limit %(limit)s
    )
    union all
    (
        select
            at, 0, id, recorded_by, 'member.consent', null,
            json_build_object('channel', channel, 'purpose', purpose, 'granted', granted, 'source', source)::text, ''
        from members_consentevent
        where member_id = %(member_id)s
            and (
                %(mark_at)s::timestamptz is null
                or (at, 0, id) < (%(mark_at)s::timestamptz, %(mark_source)s::int, %(mark_id)s::bigint)
            )
        order by at desc, id desc
        limit %(limit)s
    )
)
select at, source, id, actor, action, before, after, reason
from entries
order by at desc, source desc, id desc
limit %(limit)s
