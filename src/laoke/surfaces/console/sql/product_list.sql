-- Products by SKU. Grain: one row per product. $text is looked for in SKU, barcode and names.
select product.id, product.sku, product.name, product.name_en, product.brand, product.price_minor, product.unit,
    product.earns_points, product.active, category.name, category.name_en
from purchases_product product
left join purchases_category category on category.id = product.category_id
where /*conditions*/
order by product.sku /*way*/
limit %(limit)s
