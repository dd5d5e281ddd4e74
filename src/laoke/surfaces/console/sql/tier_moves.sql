-- Members whom a preview would move, by their number, after $after. $from_tier and $to_tier null: any move. $stores null:
-- all members, else those at home in one of them. Grain: one row per member.
select
    move.member_id,
    member.name_masked,
    move.from_tier,
    move.to_tier,
    coalesce(store.name, '') as store,
    coalesce(store.name_en, '') as store_en
from tiers_tierpreviewmove move
join members_member member on member.id = move.member_id
left join purchases_store store on store.id = member.home_store_id
where move.preview_id = %(preview)s
    and move.from_tier <> move.to_tier
    and move.member_id > %(after)s
    and (%(from_tier)s::text is null or (move.from_tier = %(from_tier)s and move.to_tier = %(to_tier)s))
    and (%(stores)s::bigint[] is null or member.home_store_id = any(%(stores)s::bigint[]))
order by move.member_id
limit %(limit)s
