-- Deliveries made since an instant, by endpoint and by what became of them. Grain: one row per endpoint with any.
select
    endpoint_id,
    count(*) filter (where next_at is null and delivered_at is not null) as delivered,
    count(*) filter (where next_at is null and delivered_at is null) as given_up,
    count(*) filter (where next_at is not null) as waiting
from foundation_webhookdelivery
where created_at > %(since)s
group by endpoint_id
