-- What the rules of earning gave to an order. Parameters: order_id; lines, rules (JSON as text).
insert into points_orderearning (order_id, lines, rules)
values (%(order_id)s::bigint, %(lines)s::jsonb, %(rules)s::jsonb)
