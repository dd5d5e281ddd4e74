-- A member's orders, newest first, at $stores only (null: at all), below the mark. Grain: one row per order.
select
    purchase.id,
    purchase.order_no,
    purchase.placed_at,
    store.name as store,
    store.name_en as store_en,
    channel.name as channel,
    channel.name_en as channel_en,
    purchase.total_minor,
    purchase.returned_minor,
    purchase.points_earned - purchase.points_clawed_back as points_earned,
    purchase.points_redeemed - purchase.points_restored as points_redeemed,
    purchase.delivery_status
from purchases_order purchase
join purchases_store store on store.id = purchase.store_id
join purchases_channel channel on channel.id = purchase.channel_id
where purchase.member_id = %(member_id)s
    and (%(stores)s::bigint[] is null or purchase.store_id = any(%(stores)s::bigint[]))
    and (
        %(mark_at)s::timestamptz is null
        or (purchase.placed_at, purchase.id) < (%(mark_at)s::timestamptz, %(mark_id)s::bigint)
    )
order by purchase.placed_at desc, purchase.id desc
limit %(limit)s
