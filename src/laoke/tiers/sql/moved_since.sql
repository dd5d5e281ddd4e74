-- Members who bought, brought goods back or changed their tier since a preview was made; where the ladder counts it, also
-- those who did something beside buying that was told or undone since, or whose friends bought or brought goods back.
-- Grain: one row a member. Parameters: last_order, last_return, last_change, the newest numbers it knows; counts_acts; at, when it was made.
select member_id from purchases_order where id > %(last_order)s and member_id is not null
union
select member_id from purchases_orderreturn where id > %(last_return)s and member_id is not null
union
select member_id from tiers_tierchange where id > %(last_change)s
union
select side.member_id
from points_activity a
cross join lateral (values (a.member_id), (a.friend_id)) as side (member_id)
where
    %(counts_acts)s
    and side.member_id is not null
    and (
        a.recorded_at > %(at)s
        or a.undone_at > %(at)s
        or a.friend_id in (
            select o.member_id from purchases_order o where o.id > %(last_order)s
            union all
            select r.member_id from purchases_orderreturn r where r.id > %(last_return)s
        )
    )
order by 1
