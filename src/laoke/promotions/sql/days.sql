-- What one offer gave by day of use. Parameters: key; first, last (dates in the programme's zone, both included).
select used_date, count(*)::int as uses, sum(amount_minor)::bigint as minor, sum(returned_minor)::bigint as returned
from promotions_offeruse
where key = %(key)s and used_date between %(first)s and %(last)s
group by used_date
order by used_date
