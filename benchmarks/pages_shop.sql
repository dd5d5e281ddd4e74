-- The history of a chain, for members that are there already; see pages_shop.py.
--
-- Every number comes from a hash of a row's own id, so that a shop of one size is always the same shop. Totals are
-- sums of their lines, lots sum to balances: `laoke check` finds nothing to say about it. Statements end with a
-- semicolon at the end of a line.

-- Not checked row by row: what is referred to was written by the statement before.
set session_replication_role = replica;

-- A number in [0, 1) that looks random.
create function pg_temp.u(id bigint, salt bigint) returns double precision language sql immutable
return (hashint8extended(id, salt) & 9007199254740991) / 9007199254740992.0;

insert into purchases_region (code, name, name_en)
select 'R' || i, '大区 ' || i, 'Region ' || i
from generate_series(1, 8) i;

insert into purchases_store (code, name, name_en, city, active, region_id, opened_date)
select 'S' || lpad(i::text, 3, '0'), '第 ' || i || ' 店', 'Store ' || i, '城市 ' || (1 + i % 40), i % 29 > 0, 1 + i % 8,
    '2015-01-01'::date + i * 7
from generate_series(1, {stores}) i;

insert into purchases_channel (code, name, name_en)
values ('pos', '门店收银', 'Till'), ('self', '自助收银', 'Self-checkout'), ('mini', '小程序', 'Mini-program'),
    ('web', '网店', 'Web shop');

insert into purchases_category (code, name, name_en)
select 'C' || i, '品类 ' || i, 'Category ' || i
from generate_series(1, 60) i;

insert into purchases_product (sku, name, name_en, brand, barcode, price_minor, unit, pack_size, earns_points, tags,
    active, category_id)
select 'P' || lpad(i::text, 5, '0'), '商品 ' || i, 'Product ' || i, '品牌 ' || (1 + i % 300), '69' || lpad(i::text, 11, '0'),
    290 + (pg_temp.u(i, 11) * pg_temp.u(i, 12) * 12000)::bigint, 'piece', '', i % 97 > 0, '{}', i % 41 > 0, 1 + i % 60
from generate_series(1, {products}) i;

-- Most members buy a few times, a few buy very often: five orders a member on average.
create unlogged table draft_order as
select row_number() over (order by placed_at, member_id) as id, d.*
from (
    select m.id as member_id, k,
        case when pg_temp.u(m.id, 4 + k * 100) < 0.7 then m.home_store_id
            else 1 + (pg_temp.u(m.id, 5 + k * 100) * {stores})::bigint % {stores} end as store_id,
        1 + (4 * pg_temp.u(m.id, 6 + k * 100) ^ 2)::bigint % 4 as channel_id,
        date_trunc('second', m.registered_at
            + (('{at}'::timestamptz - interval '1 hour') - m.registered_at)
            * (case when pg_temp.u(m.id, 2) < 0.55 then 1 else pg_temp.u(m.id, 3) end)
            * pg_temp.u(m.id, 7 + k * 100)) as placed_at,
        1 + floor(pg_temp.u(m.id, 8 + k * 100) * 7)::int as lines
    from members_member m
    cross join lateral generate_series(1, case when pg_temp.u(m.id, 0) < 0.08 then 0
        else least(1500, (2.9 * (1 - pg_temp.u(m.id, 1)) ^ -0.6 - 1.5))::int end) k
) d
order by placed_at, member_id;

insert into purchases_orderline (order_id, line_no, product_id, quantity_milli, unit_price_minor, gross_minor,
    discount_minor, net_minor, points_minor, earn_base_minor, returned_milli, returned_minor)
select o.id, l, p.id, q * 1000, p.price_minor, q * p.price_minor, d, q * p.price_minor - d, 0,
    case when p.earns_points then q * p.price_minor - d else 0 end,
    case when r then q * 1000 else 0 end, case when r then q * p.price_minor - d else 0 end
from draft_order o
cross join lateral generate_series(1, o.lines) l
cross join lateral (select 1 + ({products} * pg_temp.u(o.id, 20 + l) ^ 2)::bigint % {products} as product_id,
    1 + (pg_temp.u(o.id, 40 + l) ^ 3 * 4)::bigint as q,
    pg_temp.u(o.id, 9) < 0.02 and o.placed_at < '{at}'::timestamptz - interval '6 days' as r) c
join purchases_product p on p.id = c.product_id
cross join lateral (select case when pg_temp.u(o.id, 60 + l) < 0.15 then q * p.price_minor / 10 else 0 end as d) e
order by o.id, l;

create unlogged table draft_total as
select order_id, sum(gross_minor) as gross, sum(discount_minor) as discount, sum(net_minor) as net,
    sum(earn_base_minor) as base, sum(returned_minor) as returned
from purchases_orderline
group by order_id;

insert into purchases_order (id, order_no, member_id, store_id, channel_id, placed_at, biz_date, currency, items_minor,
    discount_minor, total_minor, points_minor, paid_minor, points_redeemed, points_earned, earn_base_minor,
    returned_minor, refunded_minor, returned_earn_base_minor, points_clawed_back, source, programme_version,
    recorded_at)
select o.id, 'N' || lpad(o.id::text, 9, '0'), o.member_id, o.store_id, o.channel_id, o.placed_at,
    (o.placed_at at time zone '{zone}')::date, '{currency}', t.gross, t.discount, t.net, 0, t.net, 0, t.base / 100, t.base,
    t.returned, t.returned, case when t.returned > 0 then t.base else 0 end,
    case when t.returned > 0 then t.base / 100 else 0 end, 'import', 0, o.placed_at
from draft_order o
join draft_total t on t.order_id = o.id
order by o.id;

drop table draft_order;

drop table draft_total;

insert into purchases_ordertender (order_id, tender_no, kind, amount_minor)
select id, 1, (array['cash', 'card', 'wechat', 'alipay'])[1 + id % 4], paid_minor
from purchases_order;

insert into purchases_orderreturn (return_no, order_id, member_id, store_id, returned_at, biz_date, returned_minor,
    refunded_minor, points_restored, points_clawed_back, reason, recorded_at)
select 'R' || id, id, member_id, store_id, placed_at + interval '5 days',
    ((placed_at + interval '5 days') at time zone '{zone}')::date, returned_minor, refunded_minor, 0, points_clawed_back,
    '', placed_at + interval '5 days'
from purchases_order
where returned_minor > 0
order by id;

insert into purchases_returnline (order_return_id, line_no, quantity_milli, returned_minor)
select r.id, l.line_no, l.returned_milli, l.returned_minor
from purchases_orderreturn r
join purchases_orderline l on l.order_id = r.order_id;

-- One lot an order. It was taken back with the goods, expired after a year, was taken back by hand, or is open.
create unlogged table draft_lot as
select o.id, o.member_id, o.placed_at, o.placed_at + interval '366 days' as expires_at, o.points_earned as points,
    case when o.points_clawed_back > 0 then 'clawback'
        when o.placed_at + interval '366 days' <= '{at}' then 'expiry'
        when pg_temp.u(o.id, 10) < 0.03 and o.placed_at < '{at}'::timestamptz - interval '40 days' then 'adjustment'
    end as fate
from purchases_order o
where o.points_earned > 0
order by o.id;

insert into points_lot (id, member_id, origin, order_id, accrued_at, expires_at, points, remaining)
select id, member_id, 'order', id, placed_at, expires_at, points, case when fate is null then points else 0 end
from draft_lot;

insert into points_posting (member_id, kind, points, lot_id, order_id, return_id, at, recorded_at, note)
select p.*
from (
    select member_id, 'accrual', points, id, id as order_id, null::bigint, placed_at as at, placed_at, ''
    from draft_lot
    union all
    select l.member_id, l.fate, -l.points, l.id, case when l.fate = 'clawback' then l.id end, r.id,
        case l.fate when 'clawback' then r.returned_at when 'expiry' then l.expires_at
            else l.placed_at + interval '30 days' end,
        case l.fate when 'clawback' then r.returned_at when 'expiry' then l.expires_at
            else l.placed_at + interval '30 days' end,
        case l.fate when 'adjustment' then 'Booked twice' else '' end
    from draft_lot l
    left join purchases_orderreturn r on l.fate = 'clawback' and r.order_id = l.id
    where l.fate is not null
) p
order by p.at, p.order_id;

update points_account a
set balance = s.balance, earned_total = s.earned, expired_total = s.expired
from (
    select member_id, coalesce(sum(points) filter (where fate is null), 0) as balance,
        coalesce(sum(points) filter (where fate is null or fate = 'expiry'), 0) as earned,
        coalesce(sum(points) filter (where fate = 'expiry'), 0) as expired
    from draft_lot
    group by member_id
) s
where s.member_id = a.member_id;

drop table draft_lot;

-- Everybody enrolled as basic; who bought enough within three months stands higher.
create unlogged table draft_tier as
select *
from (
    select member_id, max(placed_at) as at,
        case when count(*) >= 6 and sum(paid_minor - refunded_minor) >= 300000 then 'diamond'
            when count(*) >= 3 and sum(paid_minor - refunded_minor) >= 200000 then 'gold'
            when count(*) >= 2 and sum(paid_minor - refunded_minor) >= 30000 then 'silver' end as tier
    from purchases_order
    where placed_at >= '{at}'::timestamptz - interval '180 days'
    group by member_id
) t
where tier is not null;

update tiers_standing s
set tier = t.tier, since = t.at
from draft_tier t
where t.member_id = s.member_id;

insert into tiers_tierchange (member_id, from_tier, to_tier, at, cause, reasons, recorded_at)
select member_id, 'basic', tier, at, 'threshold_reached', '[]', at
from draft_tier
order by at;

drop table draft_tier;

insert into foundation_auditentry (at, actor_kind, actor_id, actor, action, object_kind, object_id, after, reason)
select '{at}'::timestamptz - i * interval '3 minutes', 'staff', 1 + i % 40, 'staff ' || (1 + i % 40),
    (array['member.revealed', 'points.adjusted', 'member.exported', 'staff.signed_in'])[1 + i % 4],
    (array['member', 'member', 'member', 'staff'])[1 + i % 4],
    (1 + (pg_temp.u(i, 70) * {members})::bigint % {members})::text, '{}', 'Asked at the counter'
from generate_series({audits}, 1, -1) i;

insert into foundation_webhookdelivery (endpoint_id, message_id, topic, body, created_at, attempts, next_at, delivered_at,
    last_status, last_error)
select (select min(id)
from foundation_webhookendpoint), i, 'order.committed', '{"order_id": ' || i || '}',
    '{at}'::timestamptz - ({deliveries} - i) * interval '20 seconds', 1, null,
    case when i % 50 > 0 then '{at}'::timestamptz - ({deliveries} - i) * interval '20 seconds' end,
    case when i % 50 > 0 then 200 else 500 end, case when i % 50 > 0 then '' else 'HTTP 500' end
from generate_series(1, {deliveries}) i;

select setval(pg_get_serial_sequence('purchases_order', 'id'), (select max(id)
from purchases_order));

select setval(pg_get_serial_sequence('points_lot', 'id'), (select max(id)
from points_lot));

insert into foundation_generation (name, number)
values ('catalogue', 1)
on conflict (name) do update set number = foundation_generation.number + 1;

set session_replication_role = origin;
