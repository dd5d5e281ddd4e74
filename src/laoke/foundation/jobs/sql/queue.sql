-- Runs that wait, are under way or were given up: the given-up ones first, then those under way, then by their turn.
-- Grain: one row per job. The last column counts the jobs of the row's state, also those beyond the limit.
select id, task_name, state, tries, since, scheduled_at, error, failed_at, of_state
from (
    select job.id, job.task_name,
        case job.status when 'todo' then 'waiting' when 'doing' then 'doing' else 'given_up' end as state,
        job.attempts + case when job.status = 'failed' then 1 else 0 end as tries,
        (select max(event.at) from procrastinate_events as event where event.job_id = job.id) as since,
        job.scheduled_at, coalesce(failure.error, '') as error, failure.at as failed_at,
        count(*) over (partition by job.status) as of_state,
        row_number() over (partition by job.status order by job.id desc) as nth,
        case job.status when 'failed' then 1 when 'doing' then 2 else 3 end as turn
    from procrastinate_jobs as job
    left join foundation_taskfailure as failure on failure.job_id = job.id
    where job.status in ('todo', 'doing', 'failed')
) as jobs
where nth <= %(limit)s
order by turn, id desc
