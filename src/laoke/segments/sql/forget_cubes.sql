-- Drop the counts of all runs but the newest.
delete from segments_cube
where run_id <> (select max(id) from segments_featurerun where finished_at is not null)
