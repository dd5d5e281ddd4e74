-- Points that can be spent at $at, of members whose home store is among $stores (null: all). Grain: one row.
select
    coalesce(sum(lot.remaining), 0)::bigint as outstanding,
    count(distinct lot.member_id) as holders,
    coalesce(sum(lot.remaining) filter (where lot.expires_at <= %(at)s + interval '30 days'), 0)::bigint as expiring,
    count(distinct lot.member_id) filter (where lot.expires_at <= %(at)s + interval '30 days') as expiring_holders
from points_lot lot
where lot.remaining > 0 and lot.expires_at > %(at)s
    and (
        %(stores)s::bigint[] is null
        or lot.member_id in (select id from members_member where home_store_id = any(%(stores)s::bigint[]))
    )
