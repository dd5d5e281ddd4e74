-- Active endpoints with something to send now. Grain: one row per endpoint, longest waiting first.
select endpoint.id
from foundation_webhookendpoint as endpoint
cross join lateral (
    select next_at
    from foundation_webhookdelivery
    where endpoint_id = endpoint.id and next_at <= %(at)s
    order by next_at
    limit 1
) as first_due
where endpoint.active
order by first_due.next_at
