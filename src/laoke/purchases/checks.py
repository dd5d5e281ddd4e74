"""What must hold of orders and returns."""

from laoke.foundation.checks import Check

CHECKS = (
    Check(
        "lines",
        "an order's amounts are the sums of its lines",
        """
        select o.id as order_id, o.items_minor as items, l.gross as line_items, o.discount_minor as discount,
            l.discount as line_discounts, o.points_minor as points, l.points as line_points,
            o.earn_base_minor as base, l.base as line_bases, o.returned_minor as returned, l.returned as line_returns
        from purchases_order o
        left join (
            select order_id, sum(gross_minor) as gross, sum(discount_minor) as discount, sum(points_minor) as points,
                sum(earn_base_minor) as base, sum(returned_minor) as returned
            from purchases_orderline group by order_id
        ) l on l.order_id = o.id
        where (o.items_minor, o.discount_minor, o.points_minor, o.earn_base_minor, o.returned_minor)
            is distinct from (l.gross, l.discount, l.points, l.base, l.returned)
        """,
    ),
    Check(
        "tenders",
        "an order's payments sum to the amount due",
        """
        select o.id as order_id, o.total_minor + coalesce(s.fee_minor - s.discount_minor, 0) as due,
            coalesce(t.amount, 0) as paid
        from purchases_order o
        left join purchases_ordershipping s on s.order_id = o.id
        left join (select order_id, sum(amount_minor) as amount from purchases_ordertender group by order_id) t
            on t.order_id = o.id
        where o.total_minor + coalesce(s.fee_minor - s.discount_minor, 0) <> coalesce(t.amount, 0)
        """,
    ),
    Check(
        "returns",
        "what came back of an order is the sum of its returns",
        """
        select o.id as order_id, o.returned_minor as returned, coalesce(r.returned, 0) as returns,
            o.refunded_minor as refunded, coalesce(r.refunded, 0) as refunds
        from purchases_order o
        left join (
            select order_id, sum(returned_minor) as returned, sum(refunded_minor) as refunded,
                sum(points_restored) as restored, sum(points_clawed_back) as clawed_back
            from purchases_orderreturn group by order_id
        ) r on r.order_id = o.id
        where (o.returned_minor, o.refunded_minor, o.points_restored, o.points_clawed_back)
            <> (coalesce(r.returned, 0), coalesce(r.refunded, 0), coalesce(r.restored, 0), coalesce(r.clawed_back, 0))
        """,
    ),
    Check(
        "return-lines",
        "what came back of a line is the sum over its returns",
        """
        select l.order_id, l.line_no, l.returned_milli as returned, coalesce(r.milli, 0) as returns
        from purchases_orderline l
        left join (
            select b.order_id, r.line_no, sum(r.quantity_milli) as milli, sum(r.returned_minor) as minor
            from purchases_returnline r join purchases_orderreturn b on b.id = r.order_return_id
            group by b.order_id, r.line_no
        ) r on r.order_id = l.order_id and r.line_no = l.line_no
        where (l.returned_milli, l.returned_minor) <> (coalesce(r.milli, 0), coalesce(r.minor, 0))
        """,
    ),
    Check(
        "members-of-orders",
        "an order with a member names one that is there and was not merged away",
        """
        select o.id as order_id, o.member_id as member
        from purchases_order o
        left join members_member m on m.id = o.member_id
        where o.member_id is not null and (m.id is null or m.merged_into_id is not null)
        """,
    ),
)
