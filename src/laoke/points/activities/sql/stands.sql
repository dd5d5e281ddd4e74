-- Whether an order of a member stands: goods of it are kept, and so much was paid for them with money. Parameters:
-- member (bigint); least (bigint, minor units).
select exists (
    select 1 from purchases_order
    where member_id = %(member)s and total_minor > returned_minor and paid_minor - refunded_minor >= %(least)s
)
