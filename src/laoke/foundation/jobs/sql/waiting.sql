-- Whether a fresh run of a task with the same arguments waits already. Runs waiting for a retry do not count.
select exists (
    select from procrastinate_jobs
    where status = 'todo' and attempts = 0 and task_name = %(name)s
      and args - 'timestamp' = %(arguments)s::jsonb
)
