-- What the prices of some orders were asked with. Parameters: orders (bigint[]).
select f.order_id, f.priced_at, f.programme_version, f.document
from promotions_orderfacts f
where f.order_id = any(%(orders)s::bigint[])
