-- The articles of each order that its member had bought in at least two orders of the 180 days before.
-- Parameters: orders (bigint[]).
select o.id, p.sku
from purchases_order o
join purchases_orderline mine on mine.order_id = o.id
join purchases_order e on e.member_id = o.member_id and e.placed_at > o.placed_at - interval '180 days'
    and e.placed_at <= o.placed_at and e.id <> o.id and (e.placed_at < o.placed_at or e.id < o.id)
join purchases_orderline l on l.order_id = e.id and l.product_id = mine.product_id
    and l.quantity_milli > l.returned_milli
join purchases_product p on p.id = mine.product_id
where o.id = any(%(orders)s::bigint[]) and o.member_id is not null
group by o.id, p.sku
having count(distinct e.id) >= 2
