-- What offers gave on every day that is over. Parameter: today (date in the programme's zone).
insert into promotions_offerday (key, day, uses, undone, amount_minor, returned_minor)
select key, used_date, count(*), count(undone_at), sum(amount_minor), sum(returned_minor)
from promotions_offeruse
where used_date < %(today)s
group by key, used_date
on conflict (key, day) do update
set uses = excluded.uses, undone = excluded.undone,
    amount_minor = excluded.amount_minor, returned_minor = excluded.returned_minor
where (promotions_offerday.uses, promotions_offerday.undone, promotions_offerday.amount_minor,
        promotions_offerday.returned_minor)
    is distinct from (excluded.uses, excluded.undone, excluded.amount_minor, excluded.returned_minor)
