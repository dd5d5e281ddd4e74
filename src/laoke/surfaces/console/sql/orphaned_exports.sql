-- Exports that wait or are being written, but that no run is queued for: its runs were given up. Grain: one row per
-- export. Exports under way are few.
select export.id
from console_export export
where
    export.state in ('waiting', 'running')
    and not exists (
        select 1 from procrastinate_jobs job
        where
            job.task_name = 'console.export'
            and job.status in ('todo', 'doing')
            and job.args ->> 'export_id' = export.id::text
    )
order by export.id
