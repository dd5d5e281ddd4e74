"""Cron expressions in the programme's time zone.

procrastinate reads cron in UTC, where "03:30 in the shop" moves by an hour twice a year in zones with daylight
saving. croniter itself knows zones: it only has to be told.
"""

from __future__ import annotations

from datetime import datetime
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

import attr
from croniter import croniter  # type: ignore[import-untyped]
from procrastinate.periodic import PeriodicTask


@attr.dataclass(frozen=True)
class LocalPeriodicTask(PeriodicTask[Any, Any, Any]):
    """A periodic task whose cron expression is read in `zone`."""

    zone: ZoneInfo

    @cached_property
    def croniter(self) -> croniter:
        # The start only carries the zone: procrastinate sets the instant at every use.
        return croniter(self.cron, start_time=datetime(2000, 1, 1, tzinfo=self.zone))
