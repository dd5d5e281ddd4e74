-- Count the newest run's members by scores and classes for each single store. Grain: one row per store with members.
with run as (
    select id from segments_featurerun where finished_at is not null order by id desc limit 1
),
visits as (
    select home_store_id as store_id, id as member_id
    from members_member
    where home_store_id is not null
    union
    select store_id, member_id
    from purchases_order
    where member_id is not null
),
counted as (
    select
        store_id, r_score, f_score, m_score, class_rfm, class_value,
        count(*) as members,
        sum(monetary_minor)::bigint as monetary_minor,
        count(*) filter (where frequency >= 1) as buyers,
        count(*) filter (where frequency >= 2) as repeaters
    from visits
    join segments_memberfeatures using (member_id)
    group by store_id, r_score, f_score, m_score, class_rfm, class_value
)
insert into segments_cube (run_id, stores, cells)
select
    run.id,
    array[counted.store_id],
    jsonb_agg(jsonb_build_array(
        r_score, f_score, m_score, class_rfm, class_value, members, monetary_minor, buyers, repeaters
    ))
from counted cross join run
group by run.id, counted.store_id
on conflict do nothing
