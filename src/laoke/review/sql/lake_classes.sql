-- Classes as computed last, for the lake. Grain: one row a member with features. Read by DuckDB from the attached database.
select member_id, class_rfm, class_value
from shop.public.segments_memberfeatures
