-- Tell members of the points that end with a day: the notice and its event. Who was told already, or was erased, is not.
-- Parameters: members (array); topic; ends_on; stage; days; begins, over (the day's instants); at.
-- Answers with the number of notices and their points.
with ending as (
    select l.member_id, sum(l.remaining - l.held)::int as points
    from points_lot l
    join members_member m on m.id = l.member_id and m.status <> 'erased'
    where
        l.member_id = any(%(members)s::bigint[])
        and l.remaining > 0
        and l.remaining > l.held
        and l.expires_at > %(begins)s
        and l.expires_at <= %(over)s
    group by l.member_id
),
told as (
    insert into points_expirynotice (ends_on, member_id, stage, points, told_at)
    select %(ends_on)s, member_id, %(stage)s, points, %(at)s
    from ending
    order by member_id
    on conflict do nothing
    returning member_id, points
),
announced as (
    insert into foundation_outboxmessage (topic, payload, member_id, occurred_at, available_at)
    select
        %(topic)s,
        jsonb_build_object(
            'member_id', told.member_id,
            'points', told.points,
            'ends_on', %(ends_on)s::date,
            'days', %(days)s::int,
            'stage', %(stage)s::int,
            'points_available', coalesce(held.available, 0)
        ),
        told.member_id,
        %(at)s,
        %(at)s
    from told
    left join lateral (
        select sum(l.remaining - l.held) as available
        from points_lot l
        where
            l.member_id = told.member_id
            and l.remaining > 0
            and l.expires_at > %(at)s
            and (l.available_at is null or l.available_at <= %(at)s)
    ) held on true
    order by told.member_id
)
select count(*)::int, coalesce(sum(points), 0)::bigint
from told
