"""What must hold between orders and the ledger, and the list of everything that must hold at all."""

from laoke.benefits.checks import CHECKS as BENEFITS
from laoke.foundation.checks import Check
from laoke.points.adjustments.checks import CHECKS as ADJUSTMENTS
from laoke.points.checks import CHECKS as POINTS
from laoke.points.liability.checks import CHECKS as LIABILITY
from laoke.promotions.checks import CHECKS as PROMOTIONS
from laoke.purchases.checks import CHECKS as PURCHASES
from laoke.tiers.checks import CHECKS as TIERS

CHECKS = (
    *PURCHASES,
    *POINTS,
    *ADJUSTMENTS,
    *LIABILITY,
    *BENEFITS,
    *TIERS,
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
        "answers",
        "every order and return that came over the API is there once",
        """
        select order_no, store_id, count(*) from purchases_order
        group by order_no, store_id having count(*) > 1
        """,
    ),
)
