-- Rows that wait, of members of whom points would be taken, in the order of booking, with what each member has at $at.
-- Parameters: name (of the file); at.
with waiting as (
    select r.number, r.line, r.member_id, r.points
    from points_adjustmentrow r
    join points_adjustmentfile f on f.id = r.file_id
    where f.name = %(name)s and r.number > f.done
),
givers as (select distinct member_id from waiting where points < 0)
select w.line, w.member_id, w.points, coalesce(held.available, 0)::bigint, a.debt
from waiting w
join givers g using (member_id)
join points_account a using (member_id)
left join lateral (
    select sum(l.remaining - l.held) as available
    from points_lot l
    where
        l.member_id = w.member_id
        and l.remaining > 0
        and l.expires_at > %(at)s
        and (l.available_at is null or l.available_at <= %(at)s)
) held on true
order by w.number
