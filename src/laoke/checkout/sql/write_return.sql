-- One return: the document, its lines, the event, and the answer under its key. What it adds up to on the
-- order, the points and the tier are written before, in the same transaction, by checkout.returns.
with the_return as (
    insert into purchases_orderreturn (
        id, return_no, order_id, member_id, store_id, returned_at, biz_date, returned_minor, refunded_minor,
        points_restored, points_clawed_back, reason, recorded_at
    )
    values (
        %(return_id)s::bigint, %(return_no)s::text, %(order_id)s::bigint, %(member_id)s::bigint, %(store_id)s::bigint, %(returned_at)s::timestamptz, %(biz_date)s::date,
        %(returned_minor)s::bigint, %(refunded_minor)s::bigint, %(points_restored)s::int, %(points_clawed_back)s::int, %(reason)s::text,
        %(recorded_at)s::timestamptz
    )
),
the_lines as (
    insert into purchases_returnline (order_return_id, line_no, quantity_milli, returned_minor)
    select %(return_id)s::bigint, line.*
    from unnest(%(line_no)s::smallint[], %(quantity_milli)s::bigint[], %(line_minor)s::bigint[]) as line
),
the_event as (
    insert into foundation_outboxmessage (topic, payload, member_id, occurred_at, available_at)
    values ('order.returned', %(event_payload)s::jsonb, %(member_id)s::bigint, %(recorded_at)s::timestamptz, %(recorded_at)s::timestamptz)
)
insert into foundation_commandrecord (caller, key, fingerprint, status, answer, created_at)
values (%(caller)s::text, %(key)s::text, %(fingerprint)s::bytea, 201, %(answer)s::text, %(recorded_at)s::timestamptz)
