-- Regions and stores that pages can be narrowed to. Grain: one row per place, regions first.
-- %(stores)s: ids an account is limited to, null for all of them.
with seen as (
    select id, code, name, name_en, city, region_id
    from purchases_store
    where active and (%(stores)s::bigint[] is null or id = any(%(stores)s::bigint[]))
)
select place.key, place.code, place.name, place.name_en, place.city, place.stores
from (
    select 0 as sort, 'region:' || region.id as key, region.code, region.name, region.name_en, '' as city,
        array_agg(seen.id) as stores
    from purchases_region region
    join seen on seen.region_id = region.id
    group by region.id
    union all
    select 1, 'store:' || seen.id, seen.code, seen.name, seen.name_en, seen.city, array[seen.id]
    from seen
) as place
order by place.sort, place.code
