-- A member's lots that can still be used at $at, in order of use. Grain: one row per lot.
select
    lot.origin,
    lot.accrued_at,
    lot.expires_at,
    lot.points,
    lot.remaining,
    purchase.id as order_id,
    purchase.order_no,
    lot.held - coalesce(
        case
            when lot.held > 0 then (
                select sum(part.points)
                from points_hold hold
                join points_holdpart part on part.hold_id = hold.id and part.lot_id = lot.id
                where hold.member_id = lot.member_id and hold.state = 'open' and hold.until <= %(at)s
            )
        end,
        0
    ) as held,
    case when lot.available_at > %(at)s then lot.available_at end as available_at
from points_lot lot
left join purchases_order purchase on purchase.id = lot.order_id
    and (%(stores)s::bigint[] is null or purchase.store_id = any(%(stores)s::bigint[]))
where lot.member_id = %(member_id)s and lot.remaining > 0 and lot.expires_at > %(at)s
order by lot.expires_at, lot.accrued_at, lot.id
limit %(limit)s
