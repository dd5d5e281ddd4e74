-- Stores that sold on nearly every day of the two weeks before %(as_of)s and sent nothing since the beginning of
-- yesterday (%(since)s). Grain: one row a store.
with regular as (
    select store_id
    from review_figure
    where day = %(as_of)s::date and metric = 'selling_days' and part = '' and numerator >= %(regular)s
        and store_id <> 0
        and (%(stores)s::bigint[] is null or store_id = any(%(stores)s::bigint[]))
)
select store.id, store.name, store.name_en
from regular
join purchases_store store on store.id = regular.store_id
-- The newest order of a store that sells is among the newest of all: a few steps down the index by time for each store,
-- where a comparison with all orders of two days would read them all.
left join lateral (
    select purchase.id
    from purchases_order purchase
    where purchase.store_id = store.id and purchase.placed_at >= %(since)s
    order by purchase.placed_at desc, purchase.id desc
    limit 1
) heard on true
where store.active and heard.id is null
order by store.code
