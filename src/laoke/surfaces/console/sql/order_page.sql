-- One order with everything that hangs on it. Grain: one row; none for an unknown order.
select
    purchase.order_no,
    purchase.member_id,
    member.name_masked,
    member.status as member_status,
    purchase.placed_at,
    purchase.store_id,
    store.code as store_code,
    store.name as store,
    store.name_en as store_en,
    channel.name as channel,
    channel.name_en as channel_en,
    purchase.items_minor,
    purchase.discount_minor,
    purchase.total_minor,
    purchase.points_minor,
    purchase.paid_minor,
    purchase.points_redeemed,
    purchase.points_earned,
    purchase.earn_base_minor,
    purchase.returned_minor,
    purchase.refunded_minor,
    purchase.points_clawed_back,
    purchase.points_restored,
    purchase.delivery_status,
    purchase.source,
    purchase.recorded_at,
    (
        select coalesce(json_agg(json_build_array(
            line.line_no, product.id, product.sku, product.name, product.name_en, product.unit, line.quantity_milli,
            line.unit_price_minor, line.gross_minor, line.discount_minor, line.net_minor, line.points_minor,
            line.returned_milli, line.returned_minor
        ) order by line.line_no), '[]')::text
        from purchases_orderline line
        join purchases_product product on product.id = line.product_id
        where line.order_id = purchase.id
    ) as lines,
    (
        select coalesce(json_agg(json_build_array(kind, amount_minor, reference) order by tender_no), '[]')::text
        from purchases_ordertender
        where order_id = purchase.id
    ) as tenders,
    (
        select coalesce(json_agg(json_build_array(
            back.return_no, back.returned_at, shop.name, shop.name_en, back.returned_minor, back.refunded_minor,
            back.points_restored, back.points_clawed_back, back.reason,
            (
                select json_agg(json_build_array(line_no, quantity_milli, returned_minor) order by line_no)
                from purchases_returnline
                where order_return_id = back.id
            )
        ) order by back.returned_at, back.id), '[]')::text
        from purchases_orderreturn back
        join purchases_store shop on shop.id = back.store_id
        where back.order_id = purchase.id
    ) as returns,
    (
        select coalesce(json_agg(json_build_array(status, at) order by at, id), '[]')::text
        from purchases_deliveryevent
        where order_id = purchase.id
    ) as delivery,
    (
        select coalesce(json_agg(json_build_array(moved.at, moved.kind, moved.points, moved.expires_at) order by moved.at, moved.first_id), '[]')::text
        from (
            select posting.at, posting.kind, lot.expires_at, min(posting.id) as first_id, sum(posting.points) as points
            from points_posting posting
            left join points_lot lot on lot.id = posting.lot_id
            where posting.order_id = purchase.id and posting.kind <> 'merge'
            group by posting.at, posting.kind, lot.expires_at
        ) moved
    ) as movements
from purchases_order purchase
join purchases_store store on store.id = purchase.store_id
join purchases_channel channel on channel.id = purchase.channel_id
left join members_member member on member.id = purchase.member_id
where purchase.id = %(order_id)s
