-- Return messages that were taken but not tried: they wait on as if nobody had touched them.
update foundation_outboxmessage
set available_at = %(at)s, attempts = attempts - 1
where id = any(%(ids)s) and available_at = %(lease_until)s and done_at is null
