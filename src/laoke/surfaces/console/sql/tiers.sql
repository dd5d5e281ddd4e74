-- Members and their net sales of the last 90 days by tier. Grain: one row per tier that somebody stands on.
with bought as (
    select member_id, sum(total_minor - returned_minor) as net_minor
    from purchases_order
    where placed_at > %(at)s - interval '90 days' and placed_at <= %(at)s and member_id is not null
        and (%(stores)s::bigint[] is null or store_id = any(%(stores)s::bigint[]))
    group by member_id
)
select standing.tier, count(*) as members, coalesce(sum(bought.net_minor), 0)::bigint as net_minor
from tiers_standing standing
join members_member member on member.id = standing.member_id
left join bought using (member_id)
where member.status in ('active', 'blocked')
    and (%(stores)s::bigint[] is null or member.home_store_id = any(%(stores)s::bigint[]))
group by standing.tier
