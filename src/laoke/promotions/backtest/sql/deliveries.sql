-- What was asked for bringing orders to the shopper. Parameters: orders (bigint[]).
select s.order_id, s.method, s.fee_minor, s.discount_minor
from purchases_ordershipping s
where s.order_id = any(%(orders)s::bigint[])
