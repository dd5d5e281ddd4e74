-- Values on some days, for a set of stores together. Grain: one row per metric, part and day.
-- %(stores)s: ids, or 0 for the whole shop.
select metric, part, day, sum(numerator)::bigint as numerator, sum(denominator)::bigint as denominator
from review_figure
where day = any(%(days)s::date[]) and store_id = any(%(stores)s::bigint[])
group by metric, part, day
