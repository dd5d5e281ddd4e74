"""What must hold between closes and their entries."""

from laoke.foundation.checks import Check

CHECKS = (
    Check(
        "liability-entries",
        "the liability of the newest close is the sum of all entries",
        """
        select c.month, c.liability_minor as liability, coalesce(e.minor, 0) as entries
        from points_liabilityclose c
        cross join (
            select sum(
                case when credit = 'contract-liability' then amount_minor else -amount_minor end
            ) as minor
            from points_liabilityentry
        ) e
        where c.reopened_at is null
            and c.month = (select max(month) from points_liabilityclose where reopened_at is null)
            and c.liability_minor <> coalesce(e.minor, 0)
        """,
    ),
    Check(
        "liability-cohorts",
        "a close is the sum of its months of issue",
        """
        select c.month, c.points_open, sum(r.open) as months_open, c.liability_minor as liability,
            sum(r.deferral_minor + r.grants_minor - r.taken_back_minor - r.released_minor) as months_liability
        from points_liabilityclose c
        left join points_liabilitycohort r on r.close_id = c.id
        group by c.id
        having c.points_open <> coalesce(sum(r.open), 0)
            or c.lapsing <> coalesce(sum(r.lapsing), 0)
            or c.liability_minor <> coalesce(
                sum(r.deferral_minor + r.grants_minor - r.taken_back_minor - r.released_minor), 0
            )
        """,
    ),
)
