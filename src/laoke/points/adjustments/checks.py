"""What must hold of adjustments by hand."""

from __future__ import annotations

from laoke.foundation.checks import Check

CHECKS = (
    Check(
        "adjustments-booked-once",
        "an adjustment that was booked stands in the ledger once, to the point",
        """
        with booked as (
            select member_id, decided_at as at, reason, points from points_adjustment where state = 'booked'
            union all
            select r.member_id, r.at, r.reason, r.points
            from points_adjustmentrow r join points_adjustmentfile f on f.id = r.file_id
            where r.number <= f.done and r.refused = ''
        ),
        wanted as (select member_id, at, reason, sum(points) as points from booked group by 1, 2, 3),
        posted as (
            select member_id, at, note as reason, sum(points) as points
            from points_posting
            where kind = 'adjustment' and (member_id, at) in (select member_id, at from booked)
            group by 1, 2, 3
        )
        select member_id as member, at, reason, wanted.points, coalesce(posted.points, 0) as postings
        from wanted
        left join posted using (member_id, at, reason)
        where wanted.points <> coalesce(posted.points, 0)
        """,
    ),
)
