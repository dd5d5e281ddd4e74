-- The result of one attempt, as long as the lease is still ours.
update foundation_webhookdelivery
set next_at = %(next_at)s, delivered_at = %(delivered_at)s, last_status = %(status)s, last_error = %(error)s
where id = %(id)s and next_at = %(lease_until)s
