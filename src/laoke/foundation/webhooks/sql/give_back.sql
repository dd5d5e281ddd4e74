-- Return deliveries that were taken but not tried.
update foundation_webhookdelivery
set next_at = %(next_at)s, attempts = attempts - 1
where id = any(%(ids)s) and next_at = %(lease_until)s
