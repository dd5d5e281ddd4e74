-- Where orders were placed: every store there ever was.
select s.id, s.code, r.code, s.city
from purchases_store s
left join purchases_region r on r.id = s.region_id
