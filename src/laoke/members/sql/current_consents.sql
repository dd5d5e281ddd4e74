-- The answer that holds for each channel and purpose of one member. Grain: one row per channel and purpose.
select distinct on (channel, purpose) channel, purpose, granted, at, source, recorded_by, id
from members_consentevent
where member_id = %s
order by channel, purpose, at desc, id desc
