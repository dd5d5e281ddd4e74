-- The member that a member id leads to through merges. Grain: one row, none when nobody has the id.
with recursive chain as (
    select id, status, version, merged_into_id
    from members_member
    where id = %s
    union all
    select later.id, later.status, later.version, later.merged_into_id
    from chain
    join members_member as later on later.id = chain.merged_into_id
)
select id, status, version
from chain
where merged_into_id is null
