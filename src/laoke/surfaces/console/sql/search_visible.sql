-- Which of these members an account limited to %(stores)s may see: at home in one of the stores, or bought there.
-- Grain: one row per visible member.
select member.id
from members_member member
where
    member.id = any(%(ids)s::bigint[])
    and (
        member.home_store_id = any(%(stores)s::bigint[])
        or exists (
            select 1 from purchases_order
            where member_id = member.id and store_id = any(%(stores)s::bigint[])
        )
    )
