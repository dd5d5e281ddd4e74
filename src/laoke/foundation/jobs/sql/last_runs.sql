-- The newest run of each named task that is over or under way. Grain: one row per task.
select distinct on (job.task_name) job.task_name, job.status::text,
    (select max(event.at) from procrastinate_events as event where event.job_id = job.id) as ended_at
from procrastinate_jobs as job
where job.task_name = any(%(names)s) and job.status in ('doing', 'succeeded', 'failed')
order by job.task_name, job.id desc
