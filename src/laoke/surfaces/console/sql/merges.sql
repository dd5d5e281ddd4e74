-- Merges, the newest first, below the mark, of members visible at $stores (null: all). Grain: one row per merge.
select
    made.id,
    made.at,
    made.by,
    made.reason,
    made.undo_until,
    made.undone_at,
    made.undone_by,
    made.kept_id,
    kept.name_masked as kept_name,
    kept.status as kept_status,
    made.gone_id,
    gone.name_masked as gone_name
from members_merge made
join members_member kept on kept.id = made.kept_id
join members_member gone on gone.id = made.gone_id
where (%(mark)s::bigint is null or made.id < %(mark)s::bigint)
    and (%(one)s::bigint is null or made.id = %(one)s::bigint)
    and (
        %(stores)s::bigint[] is null
        or coalesce(kept.home_store_id = any(%(stores)s::bigint[]), false)
        or exists (
            select from purchases_order
            where member_id = kept.id and store_id = any(%(stores)s::bigint[])
        )
    )
order by made.id desc
limit %(limit)s
