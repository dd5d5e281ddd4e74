-- End an open hold: what was set aside is free in its lots. One row for each of them, in the order of use: points that
-- were set aside, and the lot as it is afterwards.
with ended as (
    update points_hold
    set state = %(state)s, ended_at = %(at)s
    where id = %(hold)s and state = 'open'
    returning id
),
parts as (
    select part.id, part.lot_id, part.points
    from points_holdpart part
    join ended on ended.id = part.hold_id
),
lots as (
    update points_lot l
    set held = l.held - parts.points
    from parts
    where l.id = parts.lot_id
    returning l.id, l.accrued_at, l.expires_at, l.remaining, l.order_id, l.available_at, l.held
)
select parts.points, lots.*
from parts
join lots on lots.id = parts.lot_id
order by parts.id
