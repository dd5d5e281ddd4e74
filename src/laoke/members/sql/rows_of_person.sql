-- A member and every row merged into it, nearest first. Grain: one row per member row.
with recursive person (id, distance) as (
    select %s::bigint, 0
    union all
    select merged.id, person.distance + 1
    from person
    join members_member as merged on merged.merged_into_id = person.id
)
select id
from person
order by distance, id
