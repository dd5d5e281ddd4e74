-- What the frame of every page shows. Grain: one row.
-- %(staff)s: id of the account; %(stores)s: ids it is limited to, null for all of them.
select
    (select count(*) from console_notice where staff_id = %(staff)s and read_at is null) as unread,
    (select placed_at from purchases_order order by placed_at desc, id desc limit 1) as last_order_at,
    (select finished_at from segments_featurerun where finished_at is not null order by id desc limit 1),
    (select max(last_heartbeat) from procrastinate_workers) as worker_seen_at,
    (
        select count(*) from purchases_store
        where active and (%(stores)s::bigint[] is null or id = any(%(stores)s::bigint[]))
    ) as stores
