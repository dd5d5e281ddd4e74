"""What must hold of the points mall."""

from laoke.foundation.checks import Check

CHECKS = (
    Check(
        "mall-points",
        "every order of the points mall has spent its points once, and a cancelled one has them back",
        """
        select o.id as mall_order, o.points, o.state, s.points as spent, s.undone_at
        from benefits_mallorder o
        left join points_spending s
            on s.reference = o.id::text
            and s.sink = case o.kind when 'seat' then 'event' when 'charity' then 'charity' else 'mall' end
        where s.id is null or s.points <> o.points or s.party <> o.party
            or (s.undone_at is not null) <> (o.state = 'cancelled')
        """,
    ),
    Check(
        "mall-stock",
        "of every item of the points mall as many pieces are taken as its orders have",
        """
        select coalesce(s.key, o.key) as key, coalesce(s.taken, 0) as taken, coalesce(o.pieces, 0) as ordered
        from (select * from benefits_benefitstock where key like 'mall:%') s
        full join (
            select 'mall:' || item as key, sum(stock) as pieces
            from benefits_mallorder where state <> 'cancelled' and stock > 0 group by item
        ) o on o.key = s.key
        where coalesce(s.taken, 0) <> coalesce(o.pieces, 0)
        """,
    ),
)
