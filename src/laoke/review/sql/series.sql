-- One metric from day to day, for a set of stores together. Grain: one row a day.
select day, sum(numerator)::bigint as numerator, sum(denominator)::bigint as denominator
from review_figure
where store_id = any(%(stores)s::bigint[]) and metric = %(metric)s and part = ''
    and day between %(first)s::date and %(last)s::date
group by day
order by day
