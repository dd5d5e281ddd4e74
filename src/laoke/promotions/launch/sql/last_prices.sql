-- The price of one unit that was paid last for articles, by store and article.
-- Parameters: first, last (timestamptz, last not included); products (bigint[]); stores (bigint[] or null).
select distinct on (o.store_id, l.product_id) o.store_id, l.product_id,
    (l.net_minor * 1000 + l.quantity_milli / 2) / l.quantity_milli as paid
from purchases_order o
join purchases_orderline l on l.order_id = o.id
where o.placed_at >= %(first)s::timestamptz and o.placed_at < %(last)s::timestamptz
    and (%(stores)s::bigint[] is null or o.store_id = any(%(stores)s::bigint[]))
    and l.product_id = any(%(products)s::bigint[])
order by o.store_id, l.product_id, o.placed_at desc, o.id desc
