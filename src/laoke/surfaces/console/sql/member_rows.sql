-- What a list of members shows beside the masked identities. Grain: one row per member.
-- A row is visible to an account limited to $stores when the member's home store is one of them, or when the member
-- bought in one of them.
select
    member.id,
    standing.tier,
    coalesce(lots.points, 0)::bigint as points,
    bought.last_at,
    store.name as store,
    store.name_en as store_en,
    %(stores)s::bigint[] is null
        or coalesce(member.home_store_id = any(%(stores)s::bigint[]), false)
        or bought.here as visible
from members_member member
left join tiers_standing standing on standing.member_id = member.id
left join purchases_store store on store.id = member.home_store_id
left join lateral (
    select sum(remaining) as points
    from points_lot
    where member_id = member.id and remaining > 0 and expires_at > %(at)s
) lots on true
left join lateral (
    select max(placed_at) as last_at, coalesce(bool_or(store_id = any(%(stores)s::bigint[])), false) as here
    from purchases_order
    where member_id = member.id
) bought on true
where member.id = any(%(ids)s::bigint[])
