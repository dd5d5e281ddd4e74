"""What must hold of paid memberships."""

from laoke.foundation.checks import Check

CHECKS = (
    Check(
        "memberships-stand",
        "who has a paid membership that runs has its tier through its last day, and nobody else has a paid one",
        """
        select coalesce(m.member_id, s.member_id) as member, m.id as membership, m.tier, m.through, s.floor_tier, s.how,
            s.floor_until
        from (select * from memberships_membership where state = 'running') m
        full join (select * from tiers_standing where floor_tier <> '' and how = 'paid') s
            on s.member_id = m.member_id
        where s.floor_tier is distinct from m.tier or s.floor_until is distinct from m.through
        """,
    ),
    Check(
        "memberships-paid",
        "of every plan, what was paid less what came back is the sum of its payments and refunds",
        """
        select coalesce(m.plan, r.plan) as plan, m.paid, r.paid as payments, m.back, r.back as refunds
        from (
            select plan, sum(paid_minor) as paid, sum(refunded_minor) as back from memberships_membership group by plan
        ) m
        full join (
            select of.plan, sum(p.paid) as paid, sum(coalesce(b.minor, 0)) as back
            from memberships_membership of
            join (
                select membership_id, sum(minor) as paid from memberships_payment where undone_at is null group by 1
            ) p on p.membership_id = of.id
            left join memberships_refund b on b.membership_id = of.id
            group by of.plan
        ) r on r.plan = m.plan
        where m.paid is distinct from r.paid or m.back is distinct from r.back
        """,
    ),
    Check(
        "memberships-days",
        "the days paid of a membership follow one another to its end, and what came over was worth it elsewhere",
        """
        select m.id as membership, m.state, m.until, p.last, p.overlap, m.credit_minor, p.credit
        from memberships_membership m
        left join (
            select membership_id, max(last) as last, sum(credit_minor) as credit, bool_or(first <= before) as overlap
            from (
                select *, lag(last) over (partition by membership_id order by first) as before
                from memberships_payment where undone_at is null
            ) rows
            group by membership_id
        ) p on p.membership_id = m.id
        where p.last is distinct from m.until or p.credit is distinct from m.credit_minor or p.overlap
            or (m.state = 'refunded') <> exists (select from memberships_refund where membership_id = m.id)
            or (m.moved_minor > 0 and m.state not in ('upgraded', 'merged'))
        """,
    ),
    Check(
        "memberships-moved",
        "what went over from memberships came over to others",
        """
        select sum(credit_minor) as came, sum(moved_minor) as went from memberships_membership
        having sum(credit_minor) <> sum(moved_minor)
        """,
    ),
)
