-- Movements of points by their ids, the newest first. Parameters: ids (array).
select
    p.id,
    p.at,
    p.kind,
    p.contra,
    p.points,
    p.note,
    p.member_id,
    m.name_masked,
    p.lot_id,
    l.expires_at,
    o.id as order_id,
    o.order_no,
    s.name as store,
    s.name_en as store_en
from points_posting p
join members_member m on m.id = p.member_id
left join points_lot l on l.id = p.lot_id
left join purchases_order o on o.id = p.order_id
left join purchases_store s on s.id = o.store_id
where p.id = any(%(ids)s::bigint[])
order by p.at desc, p.id desc
