-- Empty lots whose time is over at $at, at most $batch at once, each with its expiry posting; accounts follow. Points set
-- aside stay until their hold ends. What was pending may have repaid a debt in time: see settle_debts.
-- Answers with the number of lots and of points expired. Lots a till has locked are skipped: the next call gets them.
with due as (
    select l.id, l.member_id, l.remaining - l.held as points, l.expires_at, l.order_id
    from points_lot l
    join points_account a on a.member_id = l.member_id
    where l.remaining > 0 and l.remaining > l.held and l.expires_at <= %(at)s
        and (a.debt = 0 or l.available_at is null)
    order by l.expires_at
    limit %(batch)s
    for no key update of a, l skip locked
),
emptied as (
    update points_lot l
    set remaining = l.held
    from due
    where l.id = due.id
    returning l.id
),
posted as (
    insert into points_posting (member_id, kind, points, lot_id, order_id, at, recorded_at)
    select member_id, 'expiry', -points, id, order_id, expires_at, %(recorded_at)s
    from due
),
per_member as (
    select member_id, sum(points)::int as points
    from due
    group by member_id
),
accounts as (
    update points_account a
    set
        balance = a.balance - per_member.points,
        expired_total = a.expired_total + per_member.points,
        version = a.version + 1
    from per_member
    where a.member_id = per_member.member_id
)
select count(*)::int, coalesce(sum(points), 0)::bigint
from due
