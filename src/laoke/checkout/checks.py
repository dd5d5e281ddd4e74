"""What must hold between orders and the ledger, and the list of everything that must hold at all."""

from laoke.benefits.checks import CHECKS as BENEFITS
from laoke.foundation.checks import Check
from laoke.points.activities.checks import CHECKS as ACTIVITIES
from laoke.points.adjustments.checks import CHECKS as ADJUSTMENTS
from laoke.points.checks import CHECKS as POINTS
from laoke.points.liability.checks import CHECKS as LIABILITY
from laoke.promotions.checks import CHECKS as PROMOTIONS
from laoke.purchases.checks import CHECKS as PURCHASES
from laoke.tiers.checks import CHECKS as TIERS
from laoke.tiers.memberships.checks import CHECKS as MEMBERSHIPS

CHECKS = (
    *PURCHASES,
    *POINTS,
    *ADJUSTMENTS,
    *ACTIVITIES,
    *LIABILITY,
    *BENEFITS,
    *TIERS,
    *MEMBERSHIPS,
    *PROMOTIONS,
    Check(
        "orders-and-points",
        "points an order earned, redeemed, gave back and took back are its postings",
        """
        select o.id as order_id, o.points_earned as earned, coalesce(p.earned, 0) as earned_postings,
            o.points_redeemed as redeemed, coalesce(p.redeemed, 0) as redeemed_postings,
            o.points_restored as restored, coalesce(p.restored, 0) as restored_postings,
            o.points_clawed_back as clawed_back, coalesce(p.clawed_back, 0) as clawed_back_postings
        from purchases_order o
        left join (
            select order_id,
                sum(points) filter (where kind = 'accrual') as earned,
                -sum(points) filter (where kind = 'redemption') as redeemed,
                sum(points) filter (where kind = 'restoration') as restored,
                -sum(points) filter (where kind = 'clawback') as clawed_back
            from points_posting where order_id is not null group by order_id
        ) p on p.order_id = o.id
        -- A programme may waive points that were spent already: fewer may be taken back than the return says.
        where o.points_earned <> coalesce(p.earned, 0)
            or o.points_redeemed <> coalesce(p.redeemed, 0)
            or o.points_restored <> coalesce(p.restored, 0)
            or o.points_clawed_back < coalesce(p.clawed_back, 0)
        """,
    ),
    Check(
        "order-earnings",
        "points that rules of earning and offers gave to the lines of an order are the points it earned",
        """
        select e.order_id, o.points_earned as earned, by_rules.points as by_rules, by_offers.points as by_offers
        from points_orderearning e
        left join purchases_order o on o.id = e.order_id
        cross join lateral (
            select coalesce(sum(value::int), 0) as points from jsonb_each_text(e.lines)
        ) by_rules
        cross join lateral (
            select coalesce(sum(line.value::int), 0) as points
            from promotions_offeruse u, jsonb_each_text(u.points) line
            where u.order_id = e.order_id
        ) by_offers
        where o.points_earned is distinct from by_rules.points + by_offers.points
            or by_rules.points <> (select coalesce(sum((rule ->> 1)::int), 0) from jsonb_array_elements(e.rules) rule)
        """,
    ),
    Check(
        "answers",
        "every order and return that came over the API is there once",
        """
        select order_no, store_id, count(*) from purchases_order
        group by order_no, store_id having count(*) > 1
        """,
    ),
)
