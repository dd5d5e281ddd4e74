-- Take points from members, one row each, all of them locked, in the order of use. Whoever has too few keeps them.
-- Parameters: members, points (above zero), reasons (arrays); at; recorded_at; by_age. Answers with who gave them.
with wanted as materialized (
    select *
    from unnest(%(members)s::bigint[], %(points)s::int[], %(reasons)s::text[]) as t (member_id, points, reason)
),
takes as materialized (
    select
        u.id,
        w.member_id,
        w.reason,
        w.points as wanted,
        u.available,
        least(u.free, w.points - (u.upto - u.free))::int as points
    from wanted w
    cross join lateral (
        select
            l.id,
            l.remaining - l.held as free,
            sum(l.remaining - l.held) over (
                order by case when %(by_age)s::bool then null else l.expires_at end, l.accrued_at, l.id
            ) as upto,
            sum(l.remaining - l.held) over () as available
        from points_lot l
        where
            l.member_id = w.member_id
            and l.remaining > 0
            and l.remaining > l.held
            and l.expires_at > %(at)s
            and (l.available_at is null or l.available_at <= %(at)s)
    ) u
    where u.available >= w.points and u.upto - u.free < w.points
),
enough as materialized (
    select distinct member_id, wanted as points, available
    from takes
),
lots as (
    update points_lot l
    set remaining = l.remaining - takes.points
    from takes
    where l.id = takes.id
),
posted as (
    insert into points_posting (member_id, kind, points, lot_id, at, recorded_at, note)
    select member_id, 'adjustment', -points, id, %(at)s, %(recorded_at)s, reason
    from takes
    order by member_id, id
),
told as (
    insert into foundation_outboxmessage (topic, payload, member_id, occurred_at, available_at)
    select
        'points.adjusted',
        jsonb_build_object('member_id', member_id, 'points', -points, 'points_available', available - points),
        member_id,
        %(recorded_at)s,
        %(recorded_at)s
    from enough
)
update points_account a
set
    balance = a.balance - enough.points,
    earned_total = a.earned_total - enough.points,
    version = a.version + 1
from enough
where a.member_id = enough.member_id
returning a.member_id
