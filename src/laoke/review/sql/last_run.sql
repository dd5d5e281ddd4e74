-- The newest finished computation. Grain: at most one row.
select as_of, finished_at, first_order_date
from review_figurerun
where finished_at is not null
order by id desc
limit 1
