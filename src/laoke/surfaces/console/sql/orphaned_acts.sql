-- Acts on many members that wait or are under way, but that no run is queued for: its runs were given up, with
-- whether a try ended with an error (else its worker was ended). Grain: one row per act. Acts under way are few.
select
    act.id,
    exists (
        select 1
        from procrastinate_jobs job
        join foundation_taskfailure failure on failure.job_id = job.id
        where job.task_name = 'console.bulk' and job.args ->> 'act_id' = act.id::text
    ) as failed
from console_bulk_act act
where
    act.state in ('waiting', 'running', 'stopping', 'undoing')
    and not exists (
        select 1 from procrastinate_jobs job
        where
            job.task_name = 'console.bulk'
            and job.status in ('todo', 'doing')
            and job.args ->> 'act_id' = act.id::text
    )
order by act.id
