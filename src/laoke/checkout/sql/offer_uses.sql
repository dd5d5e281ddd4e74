-- How often a member had each offer: in all, and today. Parameters: member_id; today (date, in the programme's zone).
select key, count(*), count(*) filter (where used_date = %(today)s::date)
from promotions_offeruse
where member_id = %(member_id)s::bigint and undone_at is null
group by key
