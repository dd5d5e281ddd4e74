-- Members and what they spent in the window, by recency score, frequency score and both classes. Grain: one row each.
select r_score, f_score, class_rfm, class_value, count(*) as members, sum(monetary_minor)::bigint as monetary_minor
from segments_memberfeatures features
where %(stores)s::bigint[] is null
    or member_id in (select id from members_member where home_store_id = any(%(stores)s::bigint[]))
group by r_score, f_score, class_rfm, class_value
