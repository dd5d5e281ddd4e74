-- Count the newest run's members by scores and classes, for $stores (null: all members). Adds one row, or none when
-- somebody else was quicker. A member belongs to stores by being at home there or having bought there.
with run as (
    select id from segments_featurerun where finished_at is not null order by id desc limit 1
),
people as (
    select id as member_id
    from members_member
    where home_store_id = any(%(stores)s::bigint[])
    union
    select member_id
    from purchases_order
    where store_id = any(%(stores)s::bigint[]) and member_id is not null
),
counted as (
    select
        r_score, f_score, m_score, class_rfm, class_value,
        count(*) as members,
        sum(monetary_minor)::bigint as monetary_minor,
        count(*) filter (where frequency >= 1) as buyers,
        count(*) filter (where frequency >= 2) as repeaters,
        -- Lists of all members walk by registration; those of some stores are gathered.
        case when %(stores)s::bigint[] is null then min(registered_date) end as first_joined,
        case when %(stores)s::bigint[] is null then max(registered_date) end as last_joined
    from segments_memberfeatures
    left join members_member on members_member.id = segments_memberfeatures.member_id
    where %(stores)s::bigint[] is null or member_id in (select member_id from people)
    group by r_score, f_score, m_score, class_rfm, class_value
),
cells as (
    select coalesce(jsonb_agg(jsonb_build_array(
        r_score, f_score, m_score, class_rfm, class_value, members, monetary_minor, buyers, repeaters, first_joined,
        last_joined
    )), '[]') as cells
    from counted
)
insert into segments_cube (run_id, stores, cells)
select run.id, %(stores)s::bigint[], cells.cells
from run cross join cells
on conflict do nothing
