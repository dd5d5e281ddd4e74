-- The instants at which parts of about so many orders begin, and how many orders there are in all.
-- Parameters: first, last (timestamptz, last not included); stores (bigint[] or null); size (int).
select numbered.placed_at, numbered.number, numbered.whole
from (
    select o.placed_at, row_number() over (order by o.placed_at) as number, count(*) over () as whole
    from purchases_order o
    where o.placed_at >= %(first)s::timestamptz and o.placed_at < %(last)s::timestamptz
        and (%(stores)s::bigint[] is null or o.store_id = any(%(stores)s::bigint[]))
) numbered
where numbered.number % %(size)s::int = 1 or %(size)s::int = 1
order by numbered.number
