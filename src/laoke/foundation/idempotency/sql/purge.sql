-- Delete one batch of first answers given before an instant. A repeat that waits for one of them is left alone.
delete from foundation_commandrecord
where (caller, key) in (
    select caller, key
    from foundation_commandrecord
    where created_at < %(before)s
    order by created_at
    limit %(limit)s
    for update skip locked
)
