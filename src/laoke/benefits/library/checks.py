"""What must hold of benefits."""

from laoke.foundation.checks import Check

CHECKS = (
    Check(
        "benefit-grants",
        "nobody used more of a grant than it allows, and only its own member used it",
        """
        select g.id as grant, g.quota, coalesce(sum(u.units), 0) as used
        from benefits_benefitgrant g
        join benefits_benefituse u on u.grant_id = g.id and u.undone_at is null
        group by g.id
        having sum(u.units) > g.quota or bool_or(u.member_id <> g.member_id or u.benefit <> g.benefit)
        """,
    ),
    Check(
        "benefit-stock",
        "of every benefit as many pieces and seats are taken as uses of it stand",
        """
        select coalesce(s.key, u.key) as key, coalesce(s.taken, 0) as taken, coalesce(u.units, 0) as used
        from (select * from benefits_benefitstock where key like 'benefit:%') s
        full join (
            select 'benefit:' || benefit as key, sum((outcome ->> 'stock')::int) as units
            from benefits_benefituse where undone_at is null and outcome ? 'stock' group by benefit
        ) u on u.key = s.key
        where coalesce(s.taken, 0) <> coalesce(u.units, 0)
        """,
    ),
    Check(
        "tier-budgets",
        "what benefits cost a tier in a year is the cost of their uses",
        """
        select coalesce(b.tier, u.tier) as tier, coalesce(b.starts, u.budget_starts) as year,
            coalesce(b.spent_minor, 0) as spent_minor, coalesce(u.cost_minor, 0) as cost_minor
        from benefits_tierbudget b
        full join (
            select tier, budget_starts, sum(cost_minor) as cost_minor
            from benefits_benefituse where undone_at is null and cost_minor > 0 group by tier, budget_starts
        ) u on u.tier = b.tier and u.budget_starts = b.starts
        where coalesce(b.spent_minor, 0) <> coalesce(u.cost_minor, 0)
        """,
    ),
    Check(
        "partner-codes",
        "every code of a partner that was taken belongs to one standing use, and uses have as many as they brought",
        """
        select coalesce(c.use_id, u.id) as use, coalesce(c.codes, 0) as codes, coalesce(u.codes, 0) as brought
        from (
            select use_id, count(*) as codes from benefits_partnercode where state = 'taken' group by use_id
        ) c
        full join (
            select id, jsonb_array_length(outcome -> 'codes') as codes
            from benefits_benefituse where undone_at is null and outcome ? 'codes'
        ) u on u.id = c.use_id
        where coalesce(c.codes, 0) <> coalesce(u.codes, 0)
        """,
    ),
    Check(
        "partner-settlements",
        "a settlement is worth its codes",
        """
        select s.id as settlement, s.codes, s.amount_minor, count(c.id) as there
        from benefits_partnersettlement s
        left join benefits_partnercode c on c.settlement_id = s.id
        group by s.id
        having count(c.id) <> s.codes or coalesce(sum(c.settle_minor), 0) <> s.amount_minor
        """,
    ),
)
