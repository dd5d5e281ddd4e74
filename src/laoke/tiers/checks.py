"""What must hold of tiers."""

from laoke.foundation.checks import Check

CHECKS = (
    Check(
        "standings",
        "a member's tier is where the last move led",
        """
        select s.member_id as member, s.tier, c.to_tier as last_move
        from tiers_standing s
        left join lateral (
            select to_tier from tiers_tierchange where member_id = s.member_id order by id desc limit 1
        ) c on true
        where c.to_tier is distinct from s.tier
        """,
    ),
    Check(
        "moves",
        "every move starts where the one before led",
        """
        select member_id as member, id as move, from_tier, before
        from (
            select member_id, id, from_tier,
                lag(to_tier, 1, '') over (partition by member_id order by id) as before
            from tiers_tierchange
        ) moves
        where from_tier <> before
        """,
    ),
    Check(
        "periods",
        "a period begins before it ends, and what is assigned says how it came",
        """
        select member_id as member, tier, period_date, valid_until, extended_from, floor_tier, how, floor_until
        from tiers_standing
        where valid_until < period_date
            or (valid_until is null) <> (period_date is null)
            or (extended_from is not null and (valid_until is null or valid_until <= extended_from))
            or (floor_tier = '') <> (how = '')
            or (floor_tier = '' and (floor_until is not null or back is not null))
            or (floor_until is not null and (due_date is null or due_date > floor_until + 1))
        """,
    ),
    Check(
        "tiers-sold",
        "the points of tiers sold are spent, and come back with the purchase undone",
        """
        select t.id as sale, t.member_id as member, t.points, s.points as spent, t.undone_at, s.undone_at as back_at
        from tiers_tiersale t
        left join points_spending s on s.sink = 'tier' and s.reference = t.id::text
        where s.points is distinct from t.points or (s.undone_at is null) <> (t.undone_at is null)
        """,
    ),
    Check(
        "every-member-stands",
        "every member has a tier",
        """
        select m.id as member from members_member m
        left join tiers_standing s on s.member_id = m.id
        where s.member_id is null
        """,
    ),
)
