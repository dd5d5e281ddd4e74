-- What one offer gave by day of use. Parameters: key; first, last (dates in the programme's zone, both included);
-- since (from when on days are not summed up yet).
select day, uses, amount_minor, returned_minor
from promotions_offerday
where key = %(key)s and day between %(first)s and %(last)s
union all
select used_date, count(*)::int, sum(amount_minor)::bigint, sum(returned_minor)::bigint
from promotions_offeruse
where key = %(key)s and used_at >= %(since)s and used_date between %(first)s and %(last)s
group by used_date
order by 1
