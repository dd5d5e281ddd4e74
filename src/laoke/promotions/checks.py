"""What must hold of offers."""

from laoke.foundation.checks import Check

CHECKS = (
    Check(
        "offer-counters",
        "uses and money of offers with limits are what orders used, less what came back",
        """
        select coalesce(c.key, u.key) as offer, c.uses, u.uses as of_orders, c.spent_minor,
            u.spent_minor as of_orders_minor
        from (
            select key, sum(uses) as uses, sum(spent_minor) as spent_minor
            from promotions_offercounter group by key
        ) c
        full join (
            select key, count(*) filter (where undone_at is null) as uses,
                sum(amount_minor - returned_minor) as spent_minor
            from promotions_offeruse where counted group by key
        ) u on u.key = c.key
        where coalesce(c.uses, 0) <> coalesce(u.uses, 0)
            or coalesce(c.spent_minor, 0) <> coalesce(u.spent_minor, 0)
        """,
    ),
    Check(
        "offer-allotments",
        "slots of an offer hold no more together than its limits, or than was used before they were lowered",
        """
        select a.key as offer, c.uses_allotted, greatest(a.in_total, c.uses) as uses_at_most,
            c.spent_allotted, greatest(a.budget_minor, c.spent_minor) as spent_at_most
        from promotions_offerallowance a
        join (
            select key, sum(uses) as uses, sum(uses_allotted) as uses_allotted,
                sum(spent_minor) as spent_minor, sum(spent_allotted) as spent_allotted
            from promotions_offercounter group by key
        ) c on c.key = a.key
        where (a.in_total is not null and c.uses_allotted is distinct from greatest(a.in_total, c.uses))
            or (a.budget_minor is not null and a.days is null
                and c.spent_allotted is distinct from greatest(a.budget_minor, c.spent_minor))
            or (a.days is not null and c.spent_allotted > greatest(a.budget_minor, c.spent_minor))
        """,
    ),
    Check(
        "offers-and-lines",
        "offers took no more off a line than the line's discount",
        """
        select l.order_id, l.line_no, l.discount_minor, sum(part.value::bigint) as of_offers
        from promotions_offeruse u
        cross join lateral jsonb_each_text(u.lines) part
        join purchases_orderline l on l.order_id = u.order_id and l.line_no = part.key::int
        group by l.order_id, l.line_no, l.discount_minor
        having sum(part.value::bigint) > l.discount_minor
        """,
    ),
)
