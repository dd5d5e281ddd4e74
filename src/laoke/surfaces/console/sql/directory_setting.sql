-- What the member list needs before it asks for members. Grain: one row.
select
    (select as_of from segments_featurerun where finished_at is not null order by id desc limit 1) as as_of,
    (select reltuples::bigint from pg_class where oid = 'members_member'::regclass) as about,
    (
        select json_build_array(columns, density, rows)::text
        from console_list_preference
        where staff_id = %(staff_id)s
    ) as layout,
    (
        select json_agg(json_build_array(id, name, query, shared, staff_id) order by created_at, id)::text
        from console_saved_view
        where deleted_at is null and (staff_id = %(staff_id)s or shared)
    ) as views,
    case when %(scored)s then (
        select cube.cells::text
        from segments_cube cube
        where cube.stores is null
            and cube.run_id = (
                select id from segments_featurerun where finished_at is not null order by id desc limit 1
            )
    ) end as cells
