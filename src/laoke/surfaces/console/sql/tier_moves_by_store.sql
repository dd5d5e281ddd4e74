-- Members whom a preview would move, by their home store: upwards and downwards. $codes: the tiers, the lowest first;
-- one that is not among them counts as below all. Grain: one row per home store, the name empty for those without one.
select
    coalesce(store.name, '') as name,
    coalesce(store.name_en, '') as name_en,
    count(*) filter (
        where coalesce(array_position(%(codes)s::text[], move.to_tier), 0)
            > coalesce(array_position(%(codes)s::text[], move.from_tier), 0)
    ) as up,
    count(*) as moved
from tiers_tierpreviewmove move
join members_member member on member.id = move.member_id
left join purchases_store store on store.id = member.home_store_id
where move.preview_id = %(preview)s
    and move.from_tier <> move.to_tier
group by store.id
order by moved desc, store.id
