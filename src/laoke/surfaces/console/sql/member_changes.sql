-- Who changed what of a member, newest first, below the mark: the audit trail, the answers about consents, which are
-- facts of their own, and tags put on or taken off many members at once, of which the audit trail tells once for all of
-- them. Of a block that was one of many, `act` says which. Grain: one row per change; (at, source, id) is unique.
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
    union all
    select
        done.at,
        done.source,
        act.id,
        act.actor,
        done.action,
        null,
        json_build_object('tags', json_build_array(act.word), 'bulk', act.id, 'members', act.changed)::text,
        ''
    from console_bulk_outcome outcome
    join console_bulk_act act on act.id = outcome.act_id and act.kind in ('tag', 'untag')
    cross join lateral (
        values
            (act.at, 2, 'bulk.' || act.kind),
            (case when outcome.error = 'undone' then act.undo_at end, 3, 'bulk.' || act.kind || '_undone')
    ) as done (at, source, action)
    where outcome.member_id = %(member_id)s and outcome.error in ('', 'undone') and done.at is not null
        and (
            %(mark_at)s::timestamptz is null
            or (done.at, done.source, act.id) < (%(mark_at)s::timestamptz, %(mark_source)s::int, %(mark_id)s::bigint)
        )
),
page as (
    select *
    from entries
    order by at desc, source desc, id desc
    limit %(limit)s
)
select
    page.at,
    page.source,
    page.id,
    page.actor,
    page.action,
    page.before,
    case
        when many.id is null then page.after
        else (page.after::jsonb || jsonb_build_object('bulk', many.id, 'members', many.changed))::text
    end as after,
    page.reason
from page
left join lateral (
    select act.id, act.changed
    from console_bulk_outcome outcome
    join console_bulk_act act on act.id = outcome.act_id and act.at = page.at and act.actor = page.actor
    where page.action in ('member.blocked', 'member.unblocked')
        and outcome.member_id = %(member_id)s and outcome.error in ('', 'undone')
        and page.action = 'member.' || act.kind || 'ed'
    limit 1
) many on true
order by page.at desc, page.source desc, page.id desc
