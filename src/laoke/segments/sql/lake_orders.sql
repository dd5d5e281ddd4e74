-- Orders for the lake. Grain: one row an order.
select
    id as order_id,
    member_id,
    store_id,
    channel_id,
    placed_at at time zone 'UTC' as placed_at,
    biz_date,
    extract(hour from placed_at at time zone {zone})::smallint as biz_hour,
    currency,
    total_minor,
    total_minor - returned_minor as net_minor,
    delivery_status as status
from purchases_order
