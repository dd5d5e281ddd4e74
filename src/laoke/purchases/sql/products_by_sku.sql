-- Active products by SKU, as the till prices them.
select id, sku, name, price_minor, earns_points, category_id, brand, tags, cost_minor
from purchases_product
where sku = any(%(skus)s::text[]) and active
