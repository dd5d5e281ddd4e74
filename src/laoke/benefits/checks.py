"""What must hold of coupons and benefits."""

from laoke.benefits.library.checks import CHECKS as LIBRARY
from laoke.benefits.mall.checks import CHECKS as MALL
from laoke.foundation.checks import Check

CHECKS = (
    Check(
        "coupons-and-uses",
        "a coupon is used exactly when one use of it stands, on the order it names",
        """
        select c.id as coupon, c.state, c.used_order_id as order_id, count(u.id) as uses
        from benefits_coupon c
        left join benefits_couponuse u on u.coupon_id = c.id and u.undone_at is null
        where not c.shared
        group by c.id
        having count(u.id) <> (case when c.state = 'used' then 1 else 0 end)
            or (c.state = 'used' and min(u.order_id) <> c.used_order_id)
        """,
    ),
    Check(
        "coupon-uses-and-orders",
        "every use of a coupon is of an order there is, and of the member who bought",
        """
        select u.id as use, u.coupon_id as coupon, u.order_id, u.member_id, o.member_id as of_order
        from benefits_couponuse u
        left join purchases_order o on o.id = u.order_id
        where o.id is null or o.member_id is distinct from u.member_id
        """,
    ),
    Check(
        "coupons-in-total",
        "coupons out of templates with a limit are as many as counted, and not above it",
        """
        select l.template, l.most, l.issued, coalesce(c.there, 0) as there
        from benefits_couponlimit l
        left join (
            select template, count(*) as there from benefits_coupon
            where state <> 'revoked' and template in (
                select template from benefits_couponlimit where most is not null
            )
            group by template
        ) c on c.template = l.template
        where l.most is not null and l.issued <> coalesce(c.there, 0)
        """,
    ),
    Check(
        "coupons-of-members",
        "coupons a member got of templates with a limit for each are as many as counted",
        """
        select h.template, h.member_id as member, h.issued, coalesce(c.there, 0) as there
        from benefits_couponsofmember h
        left join (
            select c.template, c.issued_to, count(*) as there
            from benefits_coupon c
            join benefits_couponlimit l on l.template = c.template and l.most_each is not null
            where c.state <> 'revoked' and c.issued_to is not null
            group by 1, 2
        ) c on c.template = h.template and c.issued_to = h.member_id
        where h.issued <> coalesce(c.there, 0)
        """,
    ),
    Check(
        "coupon-batches",
        "an issue has made as many coupons as it says, and not passed over anybody",
        """
        select b.id as batch, b.state, b.position, b.recipients, b.issued, coalesce(c.there, 0) as there, b.refused
        from benefits_couponbatch b
        left join (
            select batch_id, count(*) as there from benefits_coupon where batch_id is not null group by batch_id
        ) c on c.batch_id = b.id
        where b.issued <> coalesce(c.there, 0)
            or (b.state = 'done' and b.position <> b.recipients)
            or (b.kind = 'codes' and b.issued + b.refused <> b.position)
            or (b.kind <> 'codes' and b.issued / b.each + b.refused <> b.position)
        """,
    ),
    *LIBRARY,
    *MALL,
)
