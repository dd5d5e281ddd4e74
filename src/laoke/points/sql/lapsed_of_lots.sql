-- Of some lots of a member those whose time is over at an instant, or of which points are booked as expired: how many.
select
    l.id,
    l.accrued_at,
    l.expires_at,
    l.remaining,
    l.held,
    coalesce(expired.points, 0) as lapsed,
    l.order_id,
    l.member_id
from points_lot l
left join (
    select lot_id, -sum(points)::int as points
    from points_posting
    where member_id = %(member)s and lot_id = any(%(lots)s) and kind = 'expiry'
    group by lot_id
) expired on expired.lot_id = l.id
where l.member_id = %(member)s and l.id = any(%(lots)s) and (l.expires_at <= %(at)s or expired.points > 0)
order by l.id
