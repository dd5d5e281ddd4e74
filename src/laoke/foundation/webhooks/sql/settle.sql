-- The result of one attempt, as long as the lease is still ours. Grain: one row, the attempt.
with settled as (
    update foundation_webhookdelivery
    set next_at = %(next_at)s, delivered_at = %(delivered_at)s, last_status = %(status)s, last_error = %(error)s
    where id = %(id)s and next_at = %(lease_until)s
    returning id
)
insert into foundation_webhookattempt (delivery_id, at, milliseconds, status, error, answer_headers, answer)
select id, %(at)s::timestamptz, %(milliseconds)s::int, %(status)s::smallint, %(error)s::varchar,
    %(answer_headers)s::jsonb, %(answer)s::text
from settled
