-- Tasks that were given up and that nobody was told of. Grain: one row per job. Given-up jobs are few and purged.
select job.id, job.task_name, job.attempts
from procrastinate_jobs job
where
    job.status = 'failed'
    and not exists (
        select 1 from console_notice
        where kind = 'job.given_up' and data ->> 'job' = job.id::text
    )
order by job.id
limit 50
