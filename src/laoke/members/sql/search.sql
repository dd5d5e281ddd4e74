-- Members that a text may mean, newest registration first. Grain: one row per member.
-- A condition whose parameter is null finds nothing and costs nothing.
with recursive hits as (
    select member_id as id from members_identity where blind_index = any(%(indexes)s::bytea[])
    union
    select member_id from members_identity where tail_index = %(tail)s::bytea
    union
    select id from members_member where name_tokens @> %(tokens)s::bigint[]
    union
    select id from members_member where id = %(member_id)s::bigint
),
-- A merged member's name or number leads to the one that was kept.
chain (id) as (
    select id from hits
    union
    select merged.merged_into_id
    from chain
    join members_member as merged on merged.id = chain.id
    where merged.merged_into_id is not null
)
select member.id, member.status, member.name_masked, member.registered_at, member.home_store_id
from members_member as member
join chain on chain.id = member.id
where member.status in ('active', 'blocked')
    and (%(after_at)s::timestamptz is null
        or (member.registered_at, member.id) < (%(after_at)s::timestamptz, %(after_id)s::bigint))
order by member.registered_at desc, member.id desc
limit %(limit)s
