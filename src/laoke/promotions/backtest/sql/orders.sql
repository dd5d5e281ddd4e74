-- The orders of a part. Parameters: first, last (timestamptz, last not included); stores (bigint[] or null).
select o.id, o.member_id, o.store_id, o.channel_id, o.placed_at, o.biz_date, o.currency, o.total_minor
from purchases_order o
where o.placed_at >= %(first)s::timestamptz and o.placed_at < %(last)s::timestamptz
    and (%(stores)s::bigint[] is null or o.store_id = any(%(stores)s::bigint[]))
order by o.placed_at, o.id
