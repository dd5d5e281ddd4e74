-- The moves of members since firm ground, and the move that led there, the newest first.
-- Grain: one row a move. Parameters: member_ids; climbing, the causes that are purchases and returns.
-- An upgrade stands at the instant of its purchase: one that came late was judged as of then.
select
    moves.member_id,
    moves.from_tier,
    moves.cause,
    coalesce(o.placed_at, moves.at) as at
from (
    select
        member_id, from_tier, cause, at, id, order_id,
        bool_and(cause = any(%(climbing)s)) over (
            partition by member_id order by id desc rows between unbounded preceding and 1 preceding
        ) as since_ground
    from tiers_tierchange
    where member_id = any(%(member_ids)s)
) moves
left join purchases_order o on o.id = moves.order_id and moves.cause = 'threshold_reached'
where coalesce(moves.since_ground, true)
order by moves.member_id, moves.id desc
