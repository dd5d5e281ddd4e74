-- A member's lots that can still be used at $at, in order of use. Grain: one row per lot.
select lot.origin, lot.accrued_at, lot.expires_at, lot.points, lot.remaining, purchase.id as order_id, purchase.order_no
from points_lot lot
left join purchases_order purchase on purchase.id = lot.order_id
    and (%(stores)s::bigint[] is null or purchase.store_id = any(%(stores)s::bigint[]))
where lot.member_id = %(member_id)s and lot.remaining > 0 and lot.expires_at > %(at)s
order by lot.expires_at, lot.accrued_at, lot.id
limit %(limit)s
