-- Jobs marked as running whose worker is gone or has not been heard of. Grain: one row per job.
-- The attempts and the lock say whether and how it may run again.
select job.id, job.task_name, job.attempts
from procrastinate_jobs as job
left join procrastinate_workers as worker on worker.id = job.worker_id
where job.status = 'doing'
  and (worker.id is null or worker.last_heartbeat < %(heard_before)s)
order by job.id
for update of job skip locked
