-- What the price of one order was asked with, and what offers gave to it. Arrays are parallel; facts, lines, gifts
-- and points are JSON objects as text.
with asked as (
    insert into promotions_orderfacts (order_id, priced_at, programme_version, document)
    values (%(order_id)s::bigint, %(priced_at)s::timestamptz, %(programme_version)s::bigint, %(facts)s::jsonb)
)
insert into promotions_offeruse (
    key, order_id, member_id, programme_version, amount_minor, lines, gifts, points, used_at, used_date, counted, returned_minor
)
select
    use.key, %(order_id)s::bigint, %(member_id)s::bigint, %(programme_version)s::bigint, use.amount_minor,
    use.lines::jsonb, use.gifts::jsonb, use.points::jsonb, %(used_at)s::timestamptz, %(used_date)s::date, use.counted, 0
from unnest(
    %(key)s::text[], %(amount_minor)s::bigint[], %(lines)s::text[], %(gifts)s::text[], %(points)s::text[],
    %(counted)s::boolean[]
) as use (key, amount_minor, lines, gifts, points, counted)
