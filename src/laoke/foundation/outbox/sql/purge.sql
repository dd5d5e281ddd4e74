-- Delete one batch of messages that were done before an instant. Failed ones stay until somebody decides.
delete from foundation_outboxmessage
where id in (
    select id
    from foundation_outboxmessage
    where done_at < %(before)s
    order by done_at
    limit %(limit)s
    for update skip locked
)
