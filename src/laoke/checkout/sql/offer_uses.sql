-- How often a member had each of some offers: in all, and today. Parameters: member_id; keys; today (date, in the
-- programme's zone).
select key, count(*), count(*) filter (where used_date = %(today)s::date)
from promotions_offeruse
where member_id = %(member_id)s::bigint and key = any(%(keys)s::text[]) and undone_at is null
group by key
