-- What offers may ask of one member, in one row. Parameters: member_id; at; today (date, in the programme's zone).
select
    m.registered_date,
    m.birthday_mmdd,
    placed.orders,
    placed.last_date,
    (select coalesce(array_agg(t.tag), '{}') from members_membertag t where t.member_id = m.id) as tags,
    (select f.class_rfm from segments_memberfeatures f where f.member_id = m.id) as class_rfm,
    (
        select jsonb_object_agg(u.key, jsonb_build_array(u.uses, u.today))
        from (
            select key, count(*) as uses, count(*) filter (where used_date = %(today)s::date) as today
            from promotions_offeruse
            where member_id = m.id and undone_at is null
            group by key
        ) u
    ) as uses
from members_member m
cross join lateral (
    select count(*)::int as orders, max(o.biz_date) as last_date
    from purchases_order o
    where o.member_id = m.id and o.placed_at <= %(at)s::timestamptz and (o.total_minor > o.returned_minor)
) placed
where m.id = %(member_id)s::bigint
