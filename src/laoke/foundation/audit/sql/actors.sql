-- Everybody in the audit trail once, by name. Each step looks up the next name in the index instead of reading all
-- entries.
with recursive known as (
    (select actor from foundation_auditentry order by actor limit 1)
    union all
    select (
        select entry.actor
        from foundation_auditentry entry
        where entry.actor > known.actor
        order by entry.actor
        limit 1
    )
    from known
    where known.actor is not null
)
select actor from known where actor is not null order by actor limit %(most)s
