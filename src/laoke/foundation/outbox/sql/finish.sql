-- Mark messages done, as far as their lease is still ours: one that ran out may be another dispatcher's by now.
-- In order of id, so that two dispatchers that meet on late messages cannot deadlock.
with ours as (
    select id
    from foundation_outboxmessage
    where id = any(%(ids)s) and available_at = %(lease_until)s and done_at is null
    order by id
    for update
)
update foundation_outboxmessage as message
set done_at = %(at)s, last_error = ''
where message.id = any(array(select id from ours))
