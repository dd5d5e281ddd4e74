-- Stores with their region, for filters that name them by code. Grain: one row per store.
select store.id, store.code, store.name, store.name_en, region.code, region.name, region.name_en
from purchases_store store
left join purchases_region region on region.id = store.region_id
where %(stores)s::bigint[] is null or store.id = any(%(stores)s::bigint[])
order by store.code
