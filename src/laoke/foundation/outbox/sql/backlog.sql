-- How far the dispatchers are behind. Grain: one row.
select
    (
        select count(*) from foundation_outboxmessage
        where done_at is null and failed_at is null and available_at <= %(at)s
    ) as waiting,
    (
        select count(*) from foundation_outboxmessage
        where done_at is null and failed_at is null and available_at > %(at)s
    ) as postponed,
    (select count(*) from foundation_outboxmessage where failed_at is not null) as failed,
    (
        select min(available_at) from foundation_outboxmessage
        where done_at is null and failed_at is null and available_at <= %(at)s
    ) as oldest
