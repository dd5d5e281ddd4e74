-- Five purchases a member over 400 days, of 10 to 1,200 yuan: some buy little, some much. No chance in it: the numbers
-- of members scatter by primes.
insert into purchases_order (order_no, member_id, store_id, channel_id, placed_at, biz_date, currency,
    items_minor, discount_minor, total_minor, points_minor, paid_minor, points_redeemed, points_earned,
    earn_base_minor, source, programme_version, recorded_at)
select
    'H' || m.id || '-' || k, m.id, (select min(id) from purchases_store) + m.id % 50,
    (select id from purchases_channel),
    '2026-03-10 04:00+00'::timestamptz - ((m.id * 7919 + k * 104729) % 9600) * interval '1 hour',
    ('2026-03-10 04:00+00'::timestamptz - ((m.id * 7919 + k * 104729) % 9600) * interval '1 hour')::date,
    'CNY', price, 0, price, 0, price, 0, 0, price, 'import', 0, '2026-03-10 04:00+00'
from members_member m
cross join generate_series(1, 5) k
cross join lateral (
    select 1000 + ((m.id * 31 + k * 17) % 400) * (1 + (m.id * 13) % 299) as price
) p
order by 5
