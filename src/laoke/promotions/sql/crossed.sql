-- Writes down every threshold of a limited offer that is crossed and was not told of yet. Parameter: at.
-- Percent 0: nothing is left that could be given. Where an offer is refused rather than cut when money runs short, that
-- is so when less is left than its smallest use took; the smallest use is looked for only when less is left than the
-- average one took.
with standing as (
    select a.key, a.programme_version, a.in_total, a.budget_minor, a.alarm_at, c.uses, c.spent_minor
    from promotions_offerallowance a
    cross join lateral (
        select coalesce(sum(uses), 0)::bigint as uses, coalesce(sum(spent_minor), 0)::bigint as spent_minor
        from promotions_offercounter
        where key = a.key
    ) c
    where a.in_total is not null or a.budget_minor is not null
), crossed as (
    select s.key, s.programme_version, percent.value::smallint as percent
    from standing s
    cross join lateral jsonb_array_elements_text(s.alarm_at) percent
    where s.spent_minor * 100 >= s.budget_minor * percent.value::bigint
    union all
    select s.key, s.programme_version, 0::smallint
    from standing s
    where s.uses >= s.in_total
        or s.spent_minor >= s.budget_minor
        or (
            (s.budget_minor - s.spent_minor) * s.uses < s.spent_minor
            and s.budget_minor - s.spent_minor < (
                select min(u.amount_minor)
                from promotions_offeruse u
                where u.key = s.key and u.amount_minor > 0
            )
            and (
                select v.document -> 'limits' ->> 'on_exceed'
                from promotions_offerversion v
                where v.key = s.key and v.document is not null
                order by v.programme_version desc
                limit 1
            ) is distinct from 'clip'
        )
), told as (
    insert into promotions_offeralarm (key, programme_version, percent, crossed_at)
    select key, programme_version, percent, %(at)s from crossed
    on conflict (key, programme_version, percent) do nothing
    returning key, percent
)
select s.key, t.percent, s.programme_version, s.in_total, s.uses, s.budget_minor, s.spent_minor
from told t
join standing s on s.key = t.key
order by s.key, t.percent
