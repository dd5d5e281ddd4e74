-- As movements_walk, of one member. Parameters: those, and member_id.
with walked as materialized (
    select p.id, p.at, p.order_id
    from points_posting p
    where
        p.member_id = %(member_id)s
        and p.kind = any(%(kinds)s::text[])
        and (p.at, p.id) < (%(mark_at)s::timestamptz, %(mark_id)s::bigint)
        and p.at >= %(since)s::timestamptz
    order by p.at desc, p.id desc
    limit %(walk)s
)
select
    count(*)::int,
    min(w.at),
    (array_agg(w.id order by w.at, w.id))[1],
    coalesce(
        array_agg(w.id order by w.at desc, w.id desc)
            filter (where %(stores)s::bigint[] is null or o.store_id = any(%(stores)s::bigint[])),
        '{}'
    )
from walked w
left join purchases_order o on o.id = w.order_id and %(stores)s::bigint[] is not null
