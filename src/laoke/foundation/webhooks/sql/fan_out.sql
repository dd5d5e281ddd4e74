-- One delivery per active endpoint that wants the topic; `only` narrows a test event to its endpoint.
insert into foundation_webhookdelivery
    (endpoint_id, message_id, topic, body, created_at, attempts, next_at, last_error)
select id, %(message_id)s, %(topic)s::varchar, %(body)s, %(at)s, 0, %(at)s, ''
from foundation_webhookendpoint
where active
  and case
      when %(only)s::bigint is not null then id = %(only)s::bigint
      else cardinality(topics) = 0 or %(topic)s::varchar = any(topics)
  end
on conflict (endpoint_id, message_id) do nothing
