-- What many members did beside buying, by kind, each from some instants: see acts.sql. Grain: one row a member, instant
-- and kind; of what only earned points the kind is empty. Parameters: member_ids, places and starts, side by side; until.
with own as (
    select *
    from unnest(%(member_ids)s::bigint[], %(places)s::int[], %(starts)s::timestamptz[]) as w (member_id, place, start)
),

acts as (
    select
        own.member_id,
        own.place,
        case when a.state = 'earned' then a.kind else '' end as kind,
        a.points + a.bonus - a.points_back as points
    from own
    join points_activity a on a.member_id = own.member_id and a.at >= own.start and a.at < %(until)s
    where a.state in ('earned', 'undone')
    union all
    select
        own.member_id,
        own.place,
        '',
        a.friend_points
    from own
    join points_activity a on a.friend_id = own.member_id and a.at >= own.start and a.at < %(until)s
    where a.friend_points > 0 and a.state <> 'undone'
)

select
    member_id,
    place,
    kind,
    (count(*) filter (where kind <> ''))::int as times,
    sum(points)::bigint as points
from acts
group by member_id, place, kind
