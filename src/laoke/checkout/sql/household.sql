-- A member who lives with people that share their points, and their numbers. No row: nobody shares with this member.
-- Parameters: member_id, or kind + issuer + blind_index.
select me.member_id, array_agg(them.member_id order by them.member_id)
from members_householdmember me
join members_householdmember them
    on them.household_id = me.household_id and them.member_id <> me.member_id and them.shares_points
where me.member_id = coalesce(
    (select coalesce(named.merged_into_id, named.id) from members_member named where named.id = %(member_id)s::bigint),
    (
        select i.member_id
        from members_identity i
        where i.kind = %(kind)s::text and i.issuer = %(issuer)s::text and i.blind_index = %(blind_index)s::bytea
    )
)
group by me.member_id
