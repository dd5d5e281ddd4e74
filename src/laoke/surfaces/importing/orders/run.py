"""The import of orders from first to last."""

# ruff: noqa: S608 (SQL is put together from fixed words, aliases of our own and literals quoted in expressions.py)

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pyarrow as pa
from django.conf import settings

from laoke.checkout import programme
from laoke.checkout.replay import Player
from laoke.foundation.audit.services import record
from laoke.points.expiry import expire
from laoke.purchases import bulk
from laoke.surfaces.importing.orders import checking, creating, playing, returns
from laoke.surfaces.importing.problems import Problem
from laoke.surfaces.importing.setting import Setting
from laoke.surfaces.importing.staging import Stage

SOURCE = "import"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def run(stage: Stage, setting: Setting) -> None:
    """Check everything, then play what is not in yet; then points expire, tiers are reviewed, RFM and figures come."""
    outcome, watch = setting.outcome, setting.watch
    watch.phase("checking")
    checking.check(stage)
    _find_known(stage)
    last_known = _known_until(stage)
    _order_events(stage)
    outcome.things = stage.count("sale")
    outcome.known = stage.count("(select 1 from sale where known)")
    outcome.left_out = stage.count("left_out")
    if setting.dry_run:
        creating.pretend(stage)
        returns.plan(stage)
        return
    if watch.stop_requested:
        outcome.interrupted = True
        return
    outcome.created = creating.create_missing(stage, setting.caller, setting.now, watch)
    back = returns.plan(stage)
    player = Player(
        programme.current(),
        settings.LAOKE.zone,
        settings.LAOKE.currency,
        source=SOURCE,
        now=setting.now,
        reviewed_until=last_known.astimezone(settings.LAOKE.zone).date() if last_known else None,
    )
    finished = playing.play(stage, player, back, setting.now, watch, tracked=setting.tracked)
    outcome.added = player.played.sales
    outcome.known += player.played.known
    outcome.lines = player.played.lines
    outcome.returns = player.played.returns
    if finished:
        _catch_up(player, setting)
    outcome.interrupted = not finished
    outcome.members_reviewed = player.played.reviewed
    if outcome.added or outcome.returns:
        record(
            setting.caller,
            "orders.imported",
            "import",
            "orders",
            at=setting.now,
            after={
                "files": [source.path.name for source in stage.sources][:50],
                "orders": outcome.added,
                "lines": outcome.lines,
                "returns": outcome.returns,
                "finished": finished,
            },
        )


def _catch_up(player: Player, setting: Setting) -> None:
    """What would have happened by itself up to the day the import counts to."""
    watch, until = setting.watch, setting.until
    watch.phase("reviews")
    player.review_until(until)
    watch.phase("expiry")
    setting.outcome.points_expired = expire(at=until, now=setting.now).points
    watch.phase("rfm")
    # The analytics engine is loaded only by those who need it.
    from laoke.review.figures import compute
    from laoke.segments.services import recompute

    as_of = until.astimezone(settings.LAOKE.zone).date()
    setting.outcome.rfm = recompute(as_of=as_of, now=setting.now)
    watch.phase("figures")
    compute(as_of=as_of, now=setting.now)


def _find_known(stage: Stage) -> None:
    """The table `sale`: usable orders, and whether they are in already."""
    session = stage.session
    session.execute("create table known (store_id bigint, order_no varchar, total bigint)")
    span = session.execute(
        "select epoch_us(min(placed_at)), epoch_us(max(placed_at)) from header where not is_return"
    ).fetchone()
    if span and span[0] is not None:
        first, last = (_EPOCH + timedelta(microseconds=us) for us in span)
        for rows in bulk.order_keys(first, last):
            columns = list(zip(*rows, strict=True))[:3]
            incoming = pa.table(
                [
                    pa.array(columns[0], pa.int64()),
                    pa.array(columns[1], pa.string()),
                    pa.array(columns[2], pa.int64()),
                ],
                names=["store_id", "order_no", "total"],
            )
            session.register("incoming", incoming)
            session.execute("insert into known select * from incoming")
            session.unregister("incoming")
    session.execute(
        "create table sale as select header.*, known.order_no is not null as known, known.total from header "
        "left join ref_store on ref_store.code = header.store "
        "left join known on known.store_id = ref_store.id and known.order_no = header.order_no "
        "where not header.is_return"
    )
    session.execute(
        f"insert into bad select sale.place >> 40, sale.place & {(1 << 40) - 1}, 'order_no', "
        f"{int(Problem.DIFFERS_FROM_KNOWN)}, sale.order_no from sale "
        "join (select store, order_no, sum(net) as net from line where not is_return group by store, order_no) summed "
        "using (store, order_no) where sale.known and summed.net <> sale.total"
    )


def _known_until(stage: Stage) -> datetime | None:
    """Up to when a run before this one has come."""
    row = stage.session.execute("select epoch_us(max(placed_at)) from sale where known").fetchone()
    return _EPOCH + timedelta(microseconds=row[0]) if row and row[0] is not None else None


def _order_events(stage: Stage) -> None:
    stage.session.execute(
        "create table event as select * exclude (known, total), row_number() over (order by placed_at, place) as seq "
        "from sale where not known"
    )
