-- What the member list shows of each of these members. Grain: one row per member, in the order of the ids given.
-- The last purchase is last night's, or a later one since; spend and scores are last night's.
select
    member.id,
    member.name_masked,
    member.status,
    member.registered_at,
    store.name as store,
    store.name_en as store_en,
    card.value_masked as card,
    phone.value_masked as phone,
    standing.tier,
    coalesce(account.balance, 0) as points,
    coalesce(recent.last_date, features.last_purchase_date) as last_date,
    features.annual_minor,
    features.r_score,
    features.f_score,
    features.m_score,
    features.class_rfm,
    features.class_value,
    words.tags,
    member.language,
    member.birthday_mmdd
from unnest(%(ids)s::bigint[]) with ordinality as wanted (id, place)
join members_member member on member.id = wanted.id
left join purchases_store store on store.id = member.home_store_id
left join tiers_standing standing on standing.member_id = member.id
left join points_account account on account.member_id = member.id
left join segments_memberfeatures features on features.member_id = member.id
left join lateral (
    select value_masked from members_identity
    where member_id = member.id and kind = 'card'
    order by carried, added_at desc, id desc
    limit 1
) card on true
left join lateral (
    select value_masked from members_identity
    where member_id = member.id and kind = 'phone'
    order by carried, added_at desc, id desc
    limit 1
) phone on true
left join lateral (
    select max(biz_date) as last_date from purchases_order
    where member_id = member.id and placed_at >= coalesce(%(since)s::timestamptz, '-infinity') and total_minor > returned_minor
) recent on true
left join lateral (
    select array_agg(tag order by added_at, tag) as tags from members_membertag where member_id = member.id
) words on true
order by wanted.place
