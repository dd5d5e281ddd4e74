-- A shop of :members members, each with an account, a tier and three orders of two lines; see shop.py.

insert into purchases_region (code, name, name_en)
values ('R', 'R', '');

insert into purchases_store (code, name, name_en, city, active, region_id)
select 'S' || i, 'Store ' || i, '', '', true, (select id
from purchases_region)
from generate_series(1, 50) i;

insert into purchases_channel (code, name, name_en)
values ('pos', 'Till', '');

insert into purchases_product (sku, name, name_en, brand, barcode, price_minor, unit, pack_size,
    earns_points, tags, active)
select 'P' || i, 'Product ' || i, '', '', '', 100 + i % 9000, '', '', true, '{}', true
from generate_series(1, 10000) i;

insert into members_member (status, name_masked, name_tokens, gender, language, registered_at,
    registered_date, updated_at, version)
select 'active', '', '{}', '', '', '2025-01-01', '2025-01-01', '2025-01-01', 1
from generate_series(1, {members});

insert into points_account (member_id, balance, earned_total)
select id, 100 * {orders}, 100 * {orders}
from members_member;

insert into tiers_standing (member_id, tier, since)
select id, 'basic', '2025-01-01'
from members_member;

insert into tiers_tierchange (member_id, from_tier, to_tier, at, cause, reasons, recorded_at)
select id, '', 'basic', '2025-01-01', 'enrolled', '[]', '2025-01-01'
from members_member;

insert into purchases_order (order_no, member_id, store_id, channel_id, placed_at, biz_date, currency,
    items_minor, discount_minor, total_minor, points_minor, paid_minor, points_redeemed, points_earned,
    earn_base_minor, source, programme_version, recorded_at)
select 'H' || m.id || '-' || k, m.id, (select min(id)
from purchases_store) + m.id % 50, (select id
from purchases_channel), '2026-01-01'::timestamptz - k * interval '30 days', '2026-01-01'::date - k * 30,
    'CNY', 10000, 0, 10000, 0, 10000, 0, 100, 10000, 'import', 0, '2026-01-01'
from members_member m
cross join generate_series(1, {orders}) k;

insert into purchases_orderline (order_id, line_no, product_id, quantity_milli, unit_price_minor,
    gross_minor, discount_minor, net_minor, points_minor, earn_base_minor)
select o.id, l, (select min(id)
from purchases_product) + (o.id * 7 + l) % 10000, 1000, 5000, 5000, 0, 5000, 0, 5000
from purchases_order o
cross join generate_series(1, 2) l;

insert into purchases_ordertender (order_id, tender_no, kind, amount_minor)
select id, 1, 'cash', 10000
from purchases_order;

insert into points_lot (member_id, origin, order_id, accrued_at, expires_at, points, remaining)
select member_id, 'order', id, placed_at, placed_at + interval '366 days', 100, 100
from purchases_order;

insert into points_posting (member_id, kind, points, lot_id, order_id, at, recorded_at)
select member_id, 'accrual', points, id, order_id, accrued_at, accrued_at
from points_lot;

insert into foundation_generation (name, number)
values ('catalogue', 1)
on conflict (name) do update set number = foundation_generation.number + 1;
