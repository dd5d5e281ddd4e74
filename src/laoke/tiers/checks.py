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
        "every-member-stands",
        "every member has a tier",
        """
        select m.id as member from members_member m
        left join tiers_standing s on s.member_id = m.id
        where s.member_id is null
        """,
    ),
)
