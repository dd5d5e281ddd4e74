"""What must hold in the ledger."""

from laoke.foundation.checks import Check

CHECKS = (
    Check(
        "lots",
        "what remains of a lot is the sum of its postings",
        """
        select l.id as lot, l.member_id as member, l.remaining, coalesce(p.points, 0) as postings
        from points_lot l
        left join (select lot_id, sum(points) as points from points_posting group by lot_id) p on p.lot_id = l.id
        where l.remaining <> coalesce(p.points, 0)
        """,
    ),
    Check(
        "owners",
        "a posting moves points of its own member's lot",
        """
        select p.id as posting, p.member_id as member, l.id as lot, l.member_id as lot_member
        from points_posting p
        join points_lot l on l.id = p.lot_id
        where l.member_id <> p.member_id
        """,
    ),
    Check(
        "balances",
        "a balance is the sum of all postings, and of the open lots less the debt",
        """
        select a.member_id as member, a.balance, a.debt, coalesce(p.points, 0) as postings,
            coalesce(l.remaining, 0) as lots, coalesce(-p.debt, 0) as debt_postings
        from points_account a
        left join (
            select member_id, sum(points) as points, sum(points) filter (where lot_id is null) as debt
            from points_posting group by member_id
        ) p using (member_id)
        left join (select member_id, sum(remaining) as remaining from points_lot group by member_id) l using (member_id)
        where a.balance <> coalesce(p.points, 0)
            or a.balance <> coalesce(l.remaining, 0) - a.debt
            or a.debt <> coalesce(-p.debt, 0)
        """,
    ),
    Check(
        "totals",
        "points earned, redeemed and expired are the sums of their postings",
        """
        select a.member_id as member, a.earned_total as earned, p.earned as earned_postings,
            a.redeemed_total as redeemed, p.redeemed as redeemed_postings,
            a.expired_total as expired, p.expired as expired_postings
        from points_account a
        left join lateral (
            select
                coalesce(sum(points) filter (where kind in ('accrual', 'clawback', 'adjustment')), 0) as earned,
                coalesce(-sum(points) filter (where kind in ('redemption', 'restoration')), 0) as redeemed,
                coalesce(-sum(points) filter (where kind = 'expiry'), 0) as expired
            from points_posting
            where member_id = a.member_id
        ) p on true
        where (a.earned_total, a.redeemed_total, a.expired_total) <> (p.earned, p.redeemed, p.expired)
        """,
    ),
    Check(
        "both-sides",
        "what moves between members, or between a lot and the debt, sums to nothing at every instant",
        """
        select at, kind, sum(points) as points
        from points_posting
        where contra = 'transfer'
        group by at, kind
        having sum(points) <> 0
        """,
    ),
    Check(
        "accounts",
        "every member has an account, and every account a member",
        """
        select m.id as member, a.member_id as account
        from members_member m
        full join points_account a on a.member_id = m.id
        where m.id is null or a.member_id is null
        """,
    ),
    Check(
        "holds",
        "points set aside in an account are those of its open holds, and lie in its lots",
        """
        select a.member_id as member, a.held, coalesce(h.points, 0) as holds, coalesce(l.held, 0) as lots
        from points_account a
        left join (
            select member_id, sum(points) as points from points_hold where state = 'open' group by member_id
        ) h using (member_id)
        left join (
            select member_id, sum(held) as held from points_lot where held > 0 group by member_id
        ) l using (member_id)
        where a.held <> coalesce(h.points, 0) or a.held <> coalesce(l.held, 0)
        """,
    ),
    Check(
        "hold-parts",
        "an open hold is the sum of its parts, each in a lot of its member that holds as much",
        """
        select h.id as hold, h.points, coalesce(sum(p.points), 0) as parts
        from points_hold h
        left join points_holdpart p on p.hold_id = h.id
        left join points_lot l on l.id = p.lot_id and l.member_id = h.member_id and l.held >= p.points
        where h.state = 'open'
        group by h.id
        having h.points <> coalesce(sum(p.points) filter (where l.id is not null), 0)
        """,
    ),
    Check(
        "hold-ends",
        "what was captured of a hold was spent, by its order or by a spending of its own",
        """
        select h.id as hold, h.state, h.captured, s.points as spending, h.order_id
        from points_hold h
        left join points_spending s on s.id = h.spending_id
        where h.state <> 'captured' and (h.captured > 0 or h.spending_id is not null or h.order_id is not null)
            or h.state = 'captured' and h.order_id is null and h.captured is distinct from s.points
            or (h.state = 'open') <> (h.ended_at is null)
        """,
    ),
    Check(
        "spendings",
        "points spent outside an order, and given back, are the postings of the spending",
        """
        select s.id as spending, s.points, s.undone_at, coalesce(p.spent, 0) as spent,
            coalesce(p.restored, 0) as restored
        from points_spending s
        full join (
            select spending_id,
                -sum(points) filter (where kind = 'redemption') as spent,
                sum(points) filter (where kind = 'restoration') as restored
            from points_posting where spending_id is not null group by spending_id
        ) p on p.spending_id = s.id
        where s.id is null
            or s.points <> coalesce(p.spent, 0)
            or coalesce(p.restored, 0) <> case when s.undone_at is null then 0 else s.points end
        """,
    ),
    Check(
        "pooled",
        "points of the household are spent at once, and come back to whom they were taken from",
        """
        select null::bigint as order_id, null::bigint as spending_id, l.id as lot, l.remaining as points
        from points_lot l
        left join points_lot home on home.id = l.carried_from_id
        where (l.origin = 'pool' or l.origin = 'restore' and l.carried_from_id is not null)
            and (l.remaining <> 0 or home.id is null or home.member_id = l.member_id)
        union all
        select order_id, spending_id, null, sum(points)
        from points_posting
        where kind = 'transfer' and transfer_id is null
        group by order_id, return_id, spending_id
        having sum(points) <> 0
        """,
    ),
    Check(
        "transfers",
        "what one member gave another got, and what came back left the other",
        """
        select t.id as transfer, t.points, t.undone_at, coalesce(p.net, 0) as net, coalesce(p.given, 0) as given
        from points_transfer t
        full join (
            select transfer_id,
                sum(points) filter (where kind = 'transfer') as net,
                sum(points) filter (where kind = 'transfer' and points > 0) as given
            from points_posting where transfer_id is not null group by transfer_id
        ) p on p.transfer_id = t.id
        where t.id is null
            or coalesce(p.net, 0) <> 0
            or coalesce(p.given, 0) not between t.points and case when t.undone_at is null then 1 else 2 end * t.points
        """,
    ),
)
