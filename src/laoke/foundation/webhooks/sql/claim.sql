-- Take the due deliveries of one endpoint for the length of a lease. Grain: one row per delivery taken.
with due as (
    select id
    from foundation_webhookdelivery
    where endpoint_id = %(endpoint_id)s and next_at <= %(at)s
    order by next_at, id
    limit %(limit)s
    for update skip locked
)
update foundation_webhookdelivery as delivery
set next_at = %(lease_until)s, attempts = delivery.attempts + 1
from due
where delivery.id = due.id
returning delivery.id, delivery.message_id, delivery.body, delivery.attempts, delivery.created_at
