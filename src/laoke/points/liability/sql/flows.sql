-- Points by month of issue, month of expiry, month of posting and what moved them. $bounds are the first instants of
-- months; bucket 1 is the first of them. Points that end with the last day of a month end in that month. Postings after the month to be closed come as its successor.
select
    width_bucket(l.accrued_at, %(bounds)s::timestamptz[]) as issued,
    width_bucket(l.expires_at - interval '1 microsecond', %(bounds)s::timestamptz[]) as expires,
    least(width_bucket(p.at, %(bounds)s::timestamptz[]), %(closing)s::int + 1) as posted,
    case
        when p.kind = 'accrual' then 'purchased'
        when p.kind = 'redemption' or p.kind = 'restoration' and l.origin <> 'restore' then 'redeemed'
        when p.kind = 'restoration' then 'restored'
        when p.kind = 'expiry' then 'expired'
        when p.kind in ('clawback', 'repayment') then 'taken_back'
        when p.kind = 'adjustment' then case when p.points > 0 then 'given' else 'taken' end
        else 'moved'
    end as what,
    sum(p.points)::bigint as points,
    count(*)::bigint as postings
from points_posting p
join points_lot l on l.id = p.lot_id
group by 1, 2, 3, 4
