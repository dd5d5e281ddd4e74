-- The lowest price of one unit that was paid for articles, by store and article, and when it was paid last.
-- Parameters: first, last (timestamptz, last not included); products (bigint[]); stores (bigint[] or null).
select o.store_id, l.product_id,
    min((l.net_minor * 1000 + l.quantity_milli / 2) / l.quantity_milli) as lowest,
    max(o.placed_at) as last_at
from purchases_order o
join purchases_orderline l on l.order_id = o.id
where o.placed_at >= %(first)s::timestamptz and o.placed_at < %(last)s::timestamptz
    and (%(stores)s::bigint[] is null or o.store_id = any(%(stores)s::bigint[]))
    and l.product_id = any(%(products)s::bigint[])
group by o.store_id, l.product_id
