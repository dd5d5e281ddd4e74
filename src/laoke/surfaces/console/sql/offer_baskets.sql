-- The newest orders of a length somebody can take in, with their articles. Grain: one row an order.
-- Parameters: stores (ids, null for all); at; most; order_id (one that has to be among them, or null).
with recent as (
    (
        select id, placed_at, store_id
        from purchases_order
        where placed_at <= %(at)s::timestamptz
            and (%(stores)s::bigint[] is null or store_id = any(%(stores)s::bigint[]))
        order by placed_at desc, id desc
        limit %(most)s * 4
    )
    union
    select id, placed_at, store_id
    from purchases_order
    where id = %(order_id)s::bigint
        and (%(stores)s::bigint[] is null or store_id = any(%(stores)s::bigint[]))
)
select recent.id, recent.placed_at, store.code, store.name, store.name_en, bought.lines::text
from recent
join purchases_store store on store.id = recent.store_id
cross join lateral (
    select json_agg(json_build_array(
        product.id, product.sku, product.name, product.name_en, line.quantity_milli, line.unit_price_minor
    ) order by line.line_no) as lines, count(*) as n
    from purchases_orderline line
    join purchases_product product on product.id = line.product_id and product.active
    where line.order_id = recent.id and line.quantity_milli > 0
) bought
where bought.n between 1 and 14
order by recent.id = %(order_id)s::bigint desc nulls last, bought.n >= 3 desc, recent.placed_at desc, recent.id desc
limit %(most)s
