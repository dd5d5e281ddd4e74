-- The newest tiers given and taken back by hand, of members at home in these stores. Grain: one row an act.
-- Parameters: stores (null: all); looked, how many of either act are looked through; most.
with acts as (
    (
        select id, at, actor, action, object_id, before, after
        from foundation_auditentry
        where action = 'member.tier_assigned'
        order by at desc
        limit %(looked)s
    )
    union all
    (
        select id, at, actor, action, object_id, before, after
        from foundation_auditentry
        where action = 'member.tier_removed'
        order by at desc
        limit %(looked)s
    )
)
select
    a.at, a.actor, a.action, m.id, m.name_masked, a.after ->> 'tier' as tier,
    case when a.action = 'member.tier_removed' then a.before ->> 'assigned' else a.after ->> 'assigned' end as assigned,
    case when a.action = 'member.tier_removed' then a.before ->> 'how' else a.after ->> 'how' end as how,
    a.after ->> 'until' as until
from acts a
join members_member m on m.id = a.object_id::bigint and m.status in ('active', 'blocked')
where
    (%(stores)s::bigint[] is null or m.home_store_id = any(%(stores)s::bigint[]))
    -- What was sold, for points or money, is no act of staff.
    and coalesce(a.after ->> 'how', a.before ->> 'how', '') not in ('bought', 'paid')
order by a.at desc, a.id desc
limit %(most)s
