-- What offers gave to some orders, with the place of each use in its order. Parameters: orders (bigint[]).
select u.order_id, u.key, u.amount_minor, u.lines, u.gifts
from promotions_offeruse u
where u.order_id = any(%(orders)s::bigint[])
order by u.id
