-- Stores that sold on nearly every day of the two weeks before %(as_of)s and sent nothing since the beginning of
-- yesterday (%(since)s). Grain: one row a store.
with regular as (
    select store_id
    from review_figure
    where day = %(as_of)s::date and metric = 'selling_days' and part = '' and numerator >= %(regular)s
        and store_id <> 0
        and (%(stores)s::bigint[] is null or store_id = any(%(stores)s::bigint[]))
),
heard as (
    select distinct store_id
    from purchases_order
    where placed_at >= %(since)s
)
select store.id, store.name, store.name_en
from regular
join purchases_store store on store.id = regular.store_id
where store.active and regular.store_id not in (select store_id from heard)
order by store.code
