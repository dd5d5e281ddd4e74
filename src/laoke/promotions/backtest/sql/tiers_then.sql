-- The tier of each order's member before the order: the last move before it; else what the first one after it was
-- from; else the tier of now. Parameters: orders (bigint[]).
select
    o.id,
    coalesce(
        (
            select c.to_tier from tiers_tierchange c
            where c.member_id = o.member_id and c.at <= o.placed_at and c.order_id is distinct from o.id
            order by c.at desc, c.id desc limit 1
        ),
        (
            select nullif(c.from_tier, '') from tiers_tierchange c
            where c.member_id = o.member_id and (c.at > o.placed_at or c.order_id = o.id)
            order by c.at, c.id limit 1
        ),
        (select s.tier from tiers_standing s where s.member_id = o.member_id)
    )
from purchases_order o
where o.id = any(%(orders)s::bigint[]) and o.member_id is not null
