-- Take points from members, one row each, all of them locked, in the order of use. Whoever has too few keeps them.
-- Parameters: members, points (above zero), reasons (arrays); at; recorded_at; by_age. Answers with who gave them.
with wanted as materialized (
    select *
    from unnest(%(members)s::bigint[], %(points)s::int[], %(reasons)s::text[]) as t (member_id, points, reason)
),
usable as (
    select
        l.id,
        l.member_id,
        l.remaining - l.held as free,
        sum(l.remaining - l.held) over (
            partition by l.member_id
            order by case when %(by_age)s::bool then null else l.expires_at end, l.accrued_at, l.id
        ) as upto
    from points_lot l
    join wanted w on w.member_id = l.member_id
    where
        l.remaining > l.held
        and l.expires_at > %(at)s
        and (l.available_at is null or l.available_at <= %(at)s)
),
held as (
    select member_id, max(upto) as available
    from usable
    group by member_id
),
enough as materialized (
    select w.*, h.available
    from wanted w
    join held h using (member_id)
    where h.available >= w.points
),
takes as materialized (
    select u.id, u.member_id, least(u.free, e.points - (u.upto - u.free))::int as points, e.reason
    from usable u
    join enough e using (member_id)
    where u.upto - u.free < e.points
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
