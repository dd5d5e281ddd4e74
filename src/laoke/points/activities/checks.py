"""What must hold of events and what they paid."""

from laoke.foundation.checks import Check

CHECKS = (
    Check(
        "activities",
        "what an event paid is what its lots began with; what waits or is over limits paid nothing",
        """
        select a.id as event, a.state, a.points + a.bonus as paid, l.points as lot, a.friend_points,
            f.points as friend_lot
        from points_activity a
        left join points_lot l on l.id = a.lot_id and l.origin = 'activity'
        left join points_lot f on f.id = a.friend_lot_id and f.origin = 'activity'
        where a.points + a.bonus <> coalesce(l.points, 0)
            or a.friend_points <> coalesce(f.points, 0)
            or a.state = 'waiting' and a.points + a.bonus + a.friend_points > 0
            or a.state = 'capped' and a.points + a.bonus > 0
        """,
    ),
)
