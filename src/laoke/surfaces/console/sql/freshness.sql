-- How fresh everything is, and the newest finished computation of features. Grain: one row.
select
    (
        select max(placed_at) from purchases_order
        where %(stores)s::bigint[] is null or store_id = any(%(stores)s::bigint[])
    ) as last_order_at,
    (select max(last_heartbeat) from procrastinate_workers) as worker_seen_at,
    (select count(*) from purchases_store where active) as stores,
    run.finished_at,
    run.as_of,
    run.summary::text as summary
from (select 1) as one
left join (
    select finished_at, as_of, summary
    from segments_featurerun
    where finished_at is not null
    order by id desc
    limit 1
) run on true
