-- Whether a fresh run of a task whose arguments have these among them waits for a worker.
select exists (
    select from procrastinate_jobs
    where status = 'todo' and attempts = 0 and task_name = %(name)s and args @> %(arguments)s::jsonb
)
