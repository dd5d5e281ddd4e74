-- What happened around a member, newest first, of the kinds asked for. Grain: one row per event.
-- Purchases and returns are those at $stores (null: all). The postings of one cause are one movement of points; the
-- balance is that after it. With $alone every movement is shown, else only those that no purchase above tells of. A
-- repayment moves points from a lot to the debt: its own amount is shown, the balance stays.
with bought as (
    select purchase.*, store.name as store, store.name_en as store_en
    from purchases_order purchase
    join purchases_store store on store.id = purchase.store_id
    where purchase.member_id = %(member_id)s and %(purchases)s::boolean
        and (%(stores)s::bigint[] is null or purchase.store_id = any(%(stores)s::bigint[]))
    order by purchase.placed_at desc, purchase.id desc
    limit %(limit)s
),
returned as (
    select back.*, store.name as store, store.name_en as store_en, purchase.order_no
    from purchases_orderreturn back
    join purchases_order purchase on purchase.id = back.order_id
    join purchases_store store on store.id = back.store_id
    where back.member_id = %(member_id)s and %(purchases)s::boolean
        and (%(stores)s::bigint[] is null or back.store_id = any(%(stores)s::bigint[]))
    order by back.returned_at desc, back.id desc
    limit %(limit)s
),
movements as (
    select
        at,
        min(id) as id,
        kind,
        order_id,
        return_id,
        max(note) as note,
        sum(points) as points,
        sum(points) filter (where lot_id is null) as debt_points
    from points_posting
    where member_id = %(member_id)s and %(points)s::boolean
    group by at, kind, order_id, return_id
),
running as (
    select movements.*, sum(points) over (order by at, id) as balance
    from movements
),
everything as (
    select
        bought.placed_at as at,
        bought.id,
        'purchase' as kind,
        bought.points_earned::bigint as points,
        null::bigint as balance,
        bought.id as order_id,
        bought.order_no,
        bought.store,
        bought.store_en,
        bought.total_minor as amount_minor,
        bought.points_redeemed::bigint as spent,
        (
            select json_build_array(
                count(*),
                (array_agg(product.name order by line.net_minor desc, line.line_no))[:4],
                (array_agg(coalesce(nullif(product.name_en, ''), product.name) order by line.net_minor desc, line.line_no))[:4]
            )::text
            from purchases_orderline line
            join purchases_product product on product.id = line.product_id
            where line.order_id = bought.id
        ) as goods,
        '' as note,
        '' as to_tier,
        '' as actor,
        null as before,
        null as after
    from bought
    union all
    select
        returned_at, id, 'return', -points_clawed_back, null, order_id, order_no, store, store_en, returned_minor,
        points_restored, null, reason, '', '', null, null
    from returned
    union all
    select
        running.at,
        running.id,
        running.kind || case
            when running.kind in ('redemption', 'restoration') and running.order_id is null then ':sink'
            when running.kind = 'transfer' then case when running.points < 0 then ':out' else ':in' end
            else ''
        end,
        case when running.kind = 'repayment' then running.debt_points else running.points end::bigint,
        running.balance::bigint,
        purchase.id,
        purchase.order_no,
        null, null, null, null, null,
        running.note,
        '', '', null, null
    from running
    left join purchases_order purchase on purchase.id = running.order_id
        and (%(stores)s::bigint[] is null or purchase.store_id = any(%(stores)s::bigint[]))
    where %(alone)s::boolean or running.order_id is null
    union all
    select at, id, 'tier:' || cause, null, null, null, null, null, null, null, null, null, '', to_tier, '', null, null
    from tiers_tierchange
    where member_id = %(member_id)s and %(tiers)s::boolean
    union all
    (
        select
            at, id, action, null, null, null, null, null, null, null, null, null, reason, '', actor, before::text, after::text
        from foundation_auditentry
        where object_kind = 'member' and object_id = %(member_id)s::text and %(changes)s::boolean
            and action <> 'points.adjusted'
        order by at desc
        limit %(limit)s
    )
    union all
    -- Tags that were put on or taken off many members at once.
    (
        select
            done.at, act.id, done.action, null, null, null, null, null, null, null, null, null, '', '', act.actor, null,
            json_build_object('tags', json_build_array(act.word), 'bulk', act.id, 'members', act.changed)::text
        from console_bulk_outcome outcome
        join console_bulk_act act on act.id = outcome.act_id and act.kind in ('tag', 'untag')
        cross join lateral (
            values
                (act.at, 'bulk.' || act.kind),
                (case when outcome.error = 'undone' then act.undo_at end, 'bulk.' || act.kind || '_undone')
        ) as done (at, action)
        where outcome.member_id = %(member_id)s and outcome.error in ('', 'undone') and %(changes)s::boolean
            and done.at is not null
        order by done.at desc
        limit %(limit)s
    )
)
select
    at, kind, points, balance, order_id, order_no, store, store_en, amount_minor, spent, goods, note, to_tier, actor,
    before, after
from everything
order by at desc, id desc
limit %(limit)s
