-- Members that a text may mean, those they were merged into included. Grain: one row per member.
-- A condition whose parameter is null finds nothing and costs nothing. As members/sql/search.sql.
recursive hits as (
    select member_id as id from members_identity where blind_index = any(%(indexes)s::bytea[])
    union
    select member_id from members_identity where tail_index = %(tail)s::bytea
    union
    select id from members_member where name_tokens @> %(tokens)s::bigint[]
    union
    select id from members_member where id = %(member_id)s::bigint
),
matches (id) as (
    select id from hits
    union
    select merged.merged_into_id
    from matches
    join members_member as merged on merged.id = matches.id
    where merged.merged_into_id is not null
)
