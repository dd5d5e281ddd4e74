-- New and changed figures. Most of the past is as it was: rows that say the same are left alone.
insert into review_figure (store_id, metric, part, day, numerator, denominator)
select store_id, metric, part, day, numerator, denominator
from new_figure
on conflict (store_id, metric, part, day) do update
set numerator = excluded.numerator, denominator = excluded.denominator
where (review_figure.numerator, review_figure.denominator)
    is distinct from (excluded.numerator, excluded.denominator)
