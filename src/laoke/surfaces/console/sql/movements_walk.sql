-- Look through movements of points below a mark, the newest first: of each kind by its index, merged. Parameters: kinds
-- (array); since (instant); mark_at, mark_id; stores (array, or null for all and those without an order); walk (how many).
-- Answers with one row: how many were looked through, the last of them, and the ids of those that match, in order.
with walked as materialized (
    select p.id, p.at, p.order_id
    from unnest(%(kinds)s::text[]) as k (kind)
    cross join lateral (
        select posting.id, posting.at, posting.order_id
        from points_posting posting
        where
            posting.kind = k.kind
            and (posting.at, posting.id) < (%(mark_at)s::timestamptz, %(mark_id)s::bigint)
            and posting.at >= %(since)s::timestamptz
        order by posting.at desc, posting.id desc
        limit %(walk)s
    ) p
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
