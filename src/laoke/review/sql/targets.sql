-- The targets in force. Grain: one row per metric that has one.
select id, metric, baseline, target, start_date, end_date, tolerance_bp, set_at, set_by
from (
    select distinct on (metric) *
    from review_targetversion
    order by metric, id desc
) newest
where not removed
