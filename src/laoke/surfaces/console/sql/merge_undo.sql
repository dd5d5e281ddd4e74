-- What undoing a merge would give back: points in the carried $lots that can be used at $at, and how many of the moved
-- $orders were placed at $stores (null: anywhere). Grain: one row.
select
    (
        select coalesce(sum(remaining), 0)::bigint
        from points_lot
        where id = any(%(lots)s::bigint[]) and expires_at > %(at)s
    ) as points,
    (
        select count(*)
        from purchases_order
        where id = any(%(orders)s::bigint[])
            and (%(stores)s::bigint[] is null or store_id = any(%(stores)s::bigint[]))
    ) as orders
