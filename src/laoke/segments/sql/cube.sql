-- The newest run with its counts for $stores (null: all members). Grain: at most one row; cells null: not counted yet.
select run.as_of, run.finished_at, run.summary::text, cube.cells::text
from (
    select id, as_of, finished_at, summary
    from segments_featurerun
    where finished_at is not null
    order by id desc
    limit 1
) run
left join segments_cube cube on cube.run_id = run.id and cube.stores is not distinct from %(stores)s::bigint[]
