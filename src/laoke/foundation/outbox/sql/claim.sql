-- Take the oldest waiting messages for the length of a lease. Grain: one row per message taken.
-- Rows another dispatcher holds are skipped, so dispatchers never wait for one another.
with due as (
    select id
    from foundation_outboxmessage
    where done_at is null and failed_at is null and available_at <= %(at)s
    order by available_at, id
    limit %(limit)s
    for update skip locked
)
update foundation_outboxmessage as message
set available_at = %(lease_until)s, attempts = message.attempts + 1
-- As an array: whatever the planner believes of the limit, it goes through the primary key.
where message.id = any(array(select id from due))
returning message.id, message.topic, message.payload, message.member_id, message.occurred_at, message.attempts
