-- Members who may be the same person: the same name and birthday, or the same last four digits of a phone and the
-- same masked name or birthday. Only those visible at $stores (null: all). Grain: one row per member.
with me as (
    select id, name_tokens, name_masked, birthday_mmdd
    from members_member
    where id = %(member_id)s
),
alike as (
    select other.id, 2 as weight
    from members_member other
    where cardinality((select name_tokens from me)) > 0
        and other.name_tokens @> (select name_tokens from me)
        and other.birthday_mmdd = (select birthday_mmdd from me)
    union all
    select theirs.member_id, 1
    from members_identity mine
    join members_identity theirs on theirs.tail_index = mine.tail_index
    join members_member other on other.id = theirs.member_id
    where mine.member_id = %(member_id)s and mine.tail_index is not null
        and (
            other.birthday_mmdd = (select birthday_mmdd from me)
            or other.name_masked = (select nullif(name_masked, '') from me)
        )
)
select member.id, member.name_masked, member.birthday_mmdd, max(alike.weight) as weight
from alike
join members_member member on member.id = alike.id
where member.id <> %(member_id)s and member.status in ('active', 'blocked')
    and (
        %(stores)s::bigint[] is null
        or coalesce(member.home_store_id = any(%(stores)s::bigint[]), false)
        or exists (
            select from purchases_order
            where member_id = member.id and store_id = any(%(stores)s::bigint[])
        )
    )
group by member.id
order by weight desc, member.id desc
limit 5
