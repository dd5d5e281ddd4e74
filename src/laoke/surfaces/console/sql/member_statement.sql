-- The movements of a member's points below the mark, newest first, each with the balance after it and the lots it
-- took from or gave to. Grain: one row for what one cause moved at one instant, however many lots it took.
-- `moved` counts what changed hands even where it sums to nothing: a repayment goes from a lot to the debt.
with movements as (
    select
        min(id) as first_id,
        at,
        kind,
        order_id,
        return_id,
        note,
        sum(points)::bigint as points,
        (sum(abs(points)) - abs(sum(points)))::bigint / 2 as moved,
        array_agg(lot_id) as lots,
        array_agg(points) as parts
    from points_posting
    where member_id = %(member_id)s
    group by at, kind, order_id, return_id, spending_id, transfer_id, note
),
running as (
    select movements.*, (sum(points) over (order by at, first_id))::bigint as balance
    from movements
),
page as (
    select *
    from running
    where %(mark_at)s::timestamptz is null
        or (at, first_id) < (%(mark_at)s::timestamptz, %(mark_id)s::bigint)
    order by at desc, first_id desc
    limit %(limit)s
)
select
    page.first_id,
    page.at,
    page.kind || case
        when page.kind in ('redemption', 'restoration') and page.order_id is null then ':sink'
        when page.kind = 'transfer' then case when page.points < 0 then ':out' else ':in' end
        else ''
    end,
    page.points,
    page.moved,
    page.balance,
    purchase.id as order_id,
    purchase.order_no,
    page.note,
    (
        select coalesce(json_agg(json_build_array(parts.expires_at, parts.points) order by parts.expires_at), '[]')::text
        from (
            select lot.expires_at, sum(part.points) as points
            from unnest(page.lots, page.parts) part (lot_id, points)
            join points_lot lot on lot.id = part.lot_id
            group by lot.expires_at
        ) parts
    ) as lots
from page
left join purchases_order purchase on purchase.id = page.order_id
    and (%(stores)s::bigint[] is null or purchase.store_id = any(%(stores)s::bigint[]))
order by page.at desc, page.first_id desc
