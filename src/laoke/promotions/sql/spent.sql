-- Uses and money of offers, net of returns. Parameters: keys (text[], null: all offers), since (from when on days are
-- not summed up yet). What has limits is counted as it happens; the rest is summed up from days and later uses.
with known as (
    select distinct v.key
    from promotions_offerversion v
    where %(keys)s::text[] is null or v.key = any(%(keys)s::text[])
), counted as (
    select c.key, sum(c.uses)::bigint as uses, sum(c.spent_minor)::bigint as minor
    from promotions_offercounter c
    join promotions_offerallowance a on a.key = c.key
    where (a.in_total is not null or a.budget_minor is not null)
        and (%(keys)s::text[] is null or c.key = any(%(keys)s::text[]))
    group by c.key
)
select k.key, c.uses, c.minor
from known k
join counted c on c.key = k.key
union all
select k.key, (d.uses + l.uses)::bigint, (d.minor + l.minor)::bigint
from known k
cross join lateral (
    select coalesce(sum(uses - undone), 0) as uses, coalesce(sum(amount_minor - returned_minor), 0) as minor
    from promotions_offerday
    where key = k.key
) d
cross join lateral (
    select count(*) filter (where undone_at is null) as uses,
        coalesce(sum(amount_minor - returned_minor), 0) as minor
    from promotions_offeruse
    where key = k.key and used_at >= %(since)s
) l
where not exists (select from counted c where c.key = k.key)
