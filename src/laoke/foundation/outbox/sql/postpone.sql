-- After a failed attempt: try again later, or stop trying (failed_at) and stay visible.
update foundation_outboxmessage
set available_at = %(retry_at)s, failed_at = %(failed_at)s, last_error = %(error)s
where id = %(id)s and available_at = %(lease_until)s and done_at is null
