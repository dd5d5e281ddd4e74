-- The members whose points end with a day and who were not told so at a stage or a later one, by number.
-- Parameters: ends_on; stage; begins, over (the instants of the day's beginning and end).
select array_agg(distinct l.member_id order by l.member_id)
from points_lot l
where
    l.remaining > 0
    and l.remaining > l.held
    and l.expires_at > %(begins)s
    and l.expires_at <= %(over)s
    and not exists (
        select 1
        from points_expirynotice n
        where n.ends_on = %(ends_on)s and n.member_id = l.member_id and n.stage <= %(stage)s
    )
