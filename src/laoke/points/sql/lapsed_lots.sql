-- A member's lots of an order whose time is over at an instant, or of which points are booked as expired: how many.
-- The expiries of a lot carry the order that made it. Points of it that had expired before the member was merged are
-- in a lot of that other member.
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
    where order_id = %(order)s and kind = 'expiry'
    group by lot_id
) expired on expired.lot_id = l.id
where
    l.order_id = %(order)s
    and (l.member_id = %(member)s and l.expires_at <= %(at)s or expired.points > 0)
order by l.id
