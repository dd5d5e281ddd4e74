-- Give points to members without debt, one row each, all of them locked: a lot, its posting, the account, the event.
-- Parameters: members, points, reasons (arrays); available (what each could spend before); at; expires_at; recorded_at.
with given as materialized (
    select nextval('points_lot_id_seq') as lot_id, t.*
    from unnest(%(members)s::bigint[], %(points)s::int[], %(reasons)s::text[], %(available)s::bigint[])
        as t (member_id, points, reason, available)
),
lots as (
    insert into points_lot (id, member_id, origin, accrued_at, expires_at, points, remaining)
    select lot_id, member_id, 'adjustment', %(at)s, %(expires_at)s, points, points
    from given
),
posted as (
    insert into points_posting (member_id, kind, points, lot_id, at, recorded_at, note)
    select member_id, 'adjustment', points, lot_id, %(at)s, %(recorded_at)s, reason
    from given
),
told as (
    insert into foundation_outboxmessage (topic, payload, member_id, occurred_at, available_at)
    select
        'points.adjusted',
        jsonb_build_object('member_id', member_id, 'points', points, 'points_available', available + points),
        member_id,
        %(recorded_at)s,
        %(recorded_at)s
    from given
)
update points_account a
set
    balance = a.balance + given.points,
    earned_total = a.earned_total + given.points,
    version = a.version + 1
from given
where a.member_id = given.member_id
