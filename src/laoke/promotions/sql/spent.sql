-- Uses and money of offers, net of returns. Parameter: keys (text[], null: all offers).
-- What has limits is counted as it happens; the rest is summed up from the uses.
with counted as (
    select c.key, sum(c.uses)::bigint as uses, sum(c.spent_minor)::bigint as minor
    from promotions_offercounter c
    where %(keys)s::text[] is null or c.key = any(%(keys)s::text[])
    group by c.key
), summed as (
    select u.key, count(*) filter (where u.undone_at is null) as uses,
        sum(u.amount_minor - u.returned_minor)::bigint as minor
    from promotions_offeruse u
    where %(keys)s::text[] is null or u.key = any(%(keys)s::text[])
    group by u.key
)
select coalesce(s.key, c.key), coalesce(s.uses, c.uses), coalesce(s.minor, c.minor)
from counted c
full join summed s on s.key = c.key
