-- Everything about one member that stands in one place. Grain: one row; none for an unknown member.
-- Orders are counted at $stores only (null: at all).
with freed as (
    -- Set aside for longer than was said: free, whether or not anybody has written it down.
    select part.lot_id, sum(part.points) as points
    from points_hold hold
    join points_holdpart part on part.hold_id = hold.id
    where hold.member_id = %(member_id)s and hold.state = 'open' and hold.until <= %(at)s
    group by part.lot_id
),
lot as (
    select
        points_lot.expires_at,
        case when available_at > %(at)s then available_at end as available_at,
        held - coalesce(freed.points, 0) as held,
        remaining - held + coalesce(freed.points, 0) as free
    from points_lot
    left join freed on freed.lot_id = points_lot.id
    where member_id = %(member_id)s and remaining > 0 and expires_at > %(at)s
)
select
    member.status,
    member.name_masked,
    member.birthday_mmdd,
    member.gender,
    member.language,
    member.registered_at,
    member.registered_date,
    member.home_store_id,
    member.updated_at,
    member.version,
    standing.tier,
    standing.since,
    account.balance,
    account.debt,
    account.earned_total,
    account.redeemed_total,
    account.expired_total,
    store.code as store_code,
    store.name as store,
    store.name_en as store_en,
    channel.name as channel,
    channel.name_en as channel_en,
    %(stores)s::bigint[] is null
        or coalesce(member.home_store_id = any(%(stores)s::bigint[]), false)
        or exists (
            select from purchases_order
            where member_id = member.id and store_id = any(%(stores)s::bigint[])
        ) as visible,
    (
        select coalesce(json_agg(json_build_array(id, kind, issuer, value_masked, added_at, carried) order by carried, added_at desc, kind, id desc), '[]')::text
        from members_identity
        where member_id = member.id
    ) as identities,
    (
        select coalesce(json_agg(json_build_array(tag, source, added_at) order by added_at, tag), '[]')::text
        from members_membertag
        where member_id = member.id
    ) as tags,
    (
        select coalesce(json_agg(json_build_array(channel, purpose, granted, at, source, recorded_by, id)), '[]')::text
        from (
            select distinct on (channel, purpose) channel, purpose, granted, at, source, recorded_by, id
            from members_consentevent
            where member_id = member.id
            order by channel, purpose, at desc, id desc
        ) newest
    ) as consents,
    (
        -- Open lots, those that expire in the same month of the shop's calendar together.
        select
            coalesce(json_agg(json_build_array(lots.first_at, lots.points, lots.lots) order by lots.first_at), '[]')::text
        from (
            select min(expires_at) as first_at, sum(free) as points, count(*) as lots
            from lot
            where free > 0 and available_at is null
            group by date_trunc('month', (expires_at - interval '1 microsecond') at time zone %(zone)s)
        ) lots
    ) as lots,
    (select coalesce(sum(held), 0)::bigint from lot) as held,
    (
        -- What can be used only later, and from when.
        select
            coalesce(json_agg(json_build_array(later.available_at, later.points) order by later.available_at), '[]')::text
        from (select available_at, sum(free) as points from lot where available_at is not null group by available_at) later
    ) as coming,
    row_to_json(features)::text as features,
    (
        select count(*)
        from purchases_order
        where member_id = member.id
            and (%(stores)s::bigint[] is null or store_id = any(%(stores)s::bigint[]))
    ) as orders,
    (
        select count(*) from (
            select from points_posting
            where member_id = member.id
            group by at, kind, order_id, return_id, spending_id, transfer_id, note
        ) movements
    ) as movements,
    (select count(*) from foundation_auditentry where object_kind = 'member' and object_id = member.id::text)
        + (select count(*) from members_consentevent where member_id = member.id)
        + (
            select count(*) + count(act.undo_at) filter (where outcome.error = 'undone')
            from console_bulk_outcome outcome
            join console_bulk_act act on act.id = outcome.act_id and act.kind in ('tag', 'untag')
            where outcome.member_id = member.id and outcome.error in ('', 'undone')
        ) as changes
from members_member member
left join tiers_standing standing on standing.member_id = member.id
left join points_account account on account.member_id = member.id
left join purchases_store store on store.id = member.home_store_id
left join purchases_channel channel on channel.id = member.registered_channel_id
left join segments_memberfeatures features on features.member_id = member.id
where member.id = %(member_id)s
