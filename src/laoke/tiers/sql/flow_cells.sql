-- The members of a count by where they went. Grain: one row a pair of tiers of a flow.
-- Parameters: run; stores, home stores that count (null: all, and those without one).
select flow, from_tier, to_tier, sum(members)::bigint, sum(spend_minor)::bigint
from tiers_tierflowcell
where run_id = %(run)s and (%(stores)s::bigint[] is null or store_id = any(%(stores)s::bigint[]))
group by 1, 2, 3
