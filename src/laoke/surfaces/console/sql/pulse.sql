-- What is going on right now, besides orders. Grain: one row.
-- %(stores)s: ids of the stores looked at, none for the whole shop, whose last order needs no looking for.
select
    (
        select placed_at from purchases_order
        where cardinality(%(stores)s::bigint[]) > 0 and store_id = any(%(stores)s::bigint[])
            and placed_at > %(at)s::timestamptz - interval '14 days'
        order by placed_at desc, id desc
        limit 1
    ) as last_order_there,
    (select placed_at from purchases_order order by placed_at desc, id desc limit 1) as last_order_at,
    (select max(last_heartbeat) from procrastinate_workers) as worker_seen_at,
    (select count(*) from purchases_store where active) as stores,
    (select exists (select from purchases_product)) as products,
    (select exists (select from members_member)) as members,
    (select count(*) from procrastinate_jobs where status = 'failed') as jobs_given_up,
    (
        select count(*) from foundation_webhookendpoint where not active and disabled_reason <> ''
    ) as hooks_off,
    (
        select count(distinct delivery.endpoint_id)
        from foundation_webhookdelivery delivery
        join foundation_webhookendpoint endpoint on endpoint.id = delivery.endpoint_id
        where endpoint.active and delivery.next_at is not null and delivery.attempts > 0 and delivery.last_error <> ''
    ) as hooks_failing
