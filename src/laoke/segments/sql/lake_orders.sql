-- Orders for the lake. Grain: one row an order. Read by DuckDB from the attached database.
select
    id as order_id,
    member_id,
    store_id,
    channel_id,
    timezone('UTC', placed_at) as placed_at,
    biz_date,
    extract(hour from timezone({zone}, placed_at))::smallint as biz_hour,
    currency,
    total_minor,
    total_minor - returned_minor as net_minor,
    delivery_status as status
from shop.public.purchases_order
