-- Stores by code. Grain: one row per store. $stores null: all; $text is looked for in code, names and city.
select store.id, store.code, store.name, store.name_en, store.city, store.active, store.opened_date,
    region.code, region.name, region.name_en
from purchases_store store
left join purchases_region region on region.id = store.region_id
where (%(stores)s::bigint[] is null or store.id = any(%(stores)s::bigint[]))
    and (%(text)s = '' or store.code ilike %(like)s or store.name ilike %(like)s or store.name_en ilike %(like)s
        or store.city ilike %(like)s)
    and (%(region)s = '' or region.code = %(region)s)
    and (%(city)s = '' or store.city = %(city)s)
    and (%(active)s::boolean is null or store.active = %(active)s::boolean)
    and (%(mark)s::varchar is null or store.code /*beyond*/ %(mark)s)
order by store.code /*way*/
limit %(limit)s
