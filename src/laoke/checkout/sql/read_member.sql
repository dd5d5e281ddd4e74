-- Everything a quote or a commit needs to know about one member, in one row. No row: no such member.
-- Parameters: member_id, or kind + issuer + blind_index; at; window_starts (timestamptz[]).
-- Windows come back as parallel arrays in the order of window_starts.
select
    m.id,
    m.status,
    m.merged_into_id,
    a.version,
    a.debt,
    s.tier,
    s.since,
    (
        select coalesce(sum(l.remaining - l.held), 0)::int
        from points_lot l
        where l.member_id = m.id and l.remaining > 0 and l.expires_at > %(at)s::timestamptz
            and (l.available_at is null or l.available_at <= %(at)s::timestamptz)
    ) + case
        when a.held = 0 then 0
        -- Held for longer than was said: free again, whether or not anybody has written it down.
        else (
            select coalesce(sum(part.points), 0)::int
            from points_hold h
            join points_holdpart part on part.hold_id = h.id
            join points_lot l on l.id = part.lot_id
            where h.member_id = m.id and h.state = 'open' and h.until <= %(at)s::timestamptz
                and l.expires_at > %(at)s::timestamptz
        )
    end as available,
    w.spend_minor,
    w.purchases,
    (select g.number from foundation_generation g where g.name = 'programme') as programme,
    (select g.number from foundation_generation g where g.name = 'catalogue') as catalogue,
    s.due_date,
    m.registered_date
from members_member m
join points_account a on a.member_id = m.id
join tiers_standing s on s.member_id = m.id
cross join lateral (
    select
        array_agg(activity.spend_minor order by starts.position) as spend_minor,
        array_agg(activity.purchases order by starts.position) as purchases
    from unnest(%(window_starts)s::timestamptz[]) with ordinality as starts (window_start, position)
    cross join lateral (
        select
            coalesce(sum(o.paid_minor - o.refunded_minor), 0)::bigint as spend_minor,
            (count(*) filter (where o.total_minor > o.returned_minor))::int as purchases
        from purchases_order o
        where o.member_id = m.id and o.placed_at >= starts.window_start and o.placed_at <= %(at)s::timestamptz
    ) activity
) w
where m.id = coalesce(
    -- One merged away is passed over, so that of the two only the kept one is locked.
    (select coalesce(named.merged_into_id, named.id) from members_member named where named.id = %(member_id)s::bigint),
    (
        select i.member_id
        from members_identity i
        where i.kind = %(kind)s::text and i.issuer = %(issuer)s::text and i.blind_index = %(blind_index)s::bytea
    )
)
