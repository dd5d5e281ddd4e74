-- As read_member, and the account stays locked until the transaction ends; besides, the answer already given
-- under this idempotency key and the next order id.
-- Rows read beside a lock that had to be waited for are as of before the wait. seen_version tells: when it
-- differs from version, the caller reads once more, now holding the lock.
-- due_date: the clock may have brought something to the member's standing, bought_since: this purchase comes late.
-- holds_over: there are holds whose time is over that nobody has written down yet; the caller does, and reads once more.
select
    m.id,
    m.status,
    m.merged_into_id,
    a.version,
    (select seen.version from points_account seen where seen.member_id = m.id) as seen_version,
    a.debt,
    s.tier,
    s.since,
    (
        select coalesce(sum(l.remaining - l.held), 0)::int
        from points_lot l
        where l.member_id = m.id and l.remaining > 0 and l.expires_at > %(at)s::timestamptz
            and (l.available_at is null or l.available_at <= %(at)s::timestamptz)
    ) as available,
    w.spend_minor,
    w.purchases,
    (select g.number from foundation_generation g where g.name = 'programme') as programme,
    (select g.number from foundation_generation g where g.name = 'catalogue') as catalogue,
    c.fingerprint,
    c.status as answer_status,
    c.answer,
    nextval('purchases_order_id_seq') as order_id,
    a.held > 0 and exists (
        select from points_hold h
        where h.member_id = m.id and h.state = 'open' and h.until <= %(now)s::timestamptz
    ) as holds_over,
    s.period_date,
    s.valid_until,
    s.extended_from,
    s.floor_tier,
    s.how,
    s.floor_until,
    s.back,
    s.due_date,
    exists (
        select from purchases_order o where o.member_id = m.id and o.placed_at > %(at)s::timestamptz
    ) as bought_since,
    m.registered_date
from members_member m
join points_account a on a.member_id = m.id
join tiers_standing s on s.member_id = m.id
left join foundation_commandrecord c on c.caller = %(caller)s::text and c.key = %(key)s::text
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
-- The member first: a merge or an erasure locks in this order too, and must not run between.
for key share of m
for no key update of a
