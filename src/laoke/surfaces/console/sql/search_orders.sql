-- Orders with exactly this number; numbers are unique within a store. Grain: one row per order, newest first.
-- %(stores)s: ids an account is limited to, null for all of them.
select orders.id, orders.order_no, store.name, store.name_en, orders.placed_at, orders.total_minor
from purchases_store store
join purchases_order orders on orders.store_id = store.id and orders.order_no = %(order_no)s
where %(stores)s::bigint[] is null or store.id = any(%(stores)s::bigint[])
order by orders.placed_at desc, orders.id desc
limit %(most)s
