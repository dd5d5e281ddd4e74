-- What a member buys again and again: articles in at least two orders of the last 180 days.
-- Parameters: member_id; at.
select p.sku
from purchases_order o
join purchases_orderline l on l.order_id = o.id
join purchases_product p on p.id = l.product_id
where o.member_id = %(member_id)s::bigint
    and o.placed_at > %(at)s::timestamptz - interval '180 days' and o.placed_at <= %(at)s::timestamptz
    and l.quantity_milli > l.returned_milli
group by p.sku
having count(distinct o.id) >= 2
