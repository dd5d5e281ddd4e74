-- Delete one batch of jobs that ended before an instant. Their events go with them.
delete from procrastinate_jobs
where id in (
    select job.id
    from procrastinate_jobs as job
    where job.status in ('succeeded', 'failed', 'cancelled', 'aborted')
      and not exists (
          select from procrastinate_events as event
          where event.job_id = job.id and event.at >= %(before)s
      )
    order by job.id
    limit %(limit)s
)
