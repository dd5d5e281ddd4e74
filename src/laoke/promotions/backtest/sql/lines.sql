-- The lines of some orders, together order by order. Parameters: orders (bigint[]).
select l.order_id, l.line_no, l.product_id, l.quantity_milli, l.unit_price_minor, l.discount_minor
from purchases_orderline l
where l.order_id = any(%(orders)s::bigint[])
order by l.order_id, l.line_no
