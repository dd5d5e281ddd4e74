"""Making the stores, channels, products and members that orders name and nobody knows yet, as the mapping allows.

Only what orders need that are about to be played. All can be repeated: what a killed run has made is known to the next.
"""

# ruff: noqa: S608 (SQL is put together from fixed words, aliases of our own and literals quoted in expressions.py)

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

import duckdb
import pyarrow as pa

from laoke.foundation.access import Caller
from laoke.kernel.errors import LaokeError
from laoke.members import selectors as members
from laoke.members import services as member_services
from laoke.members.types import IdentityInput, Registration
from laoke.purchases import services as purchases
from laoke.purchases.services import ProductInput, StoreInput
from laoke.surfaces.importing.mapping import ImportMapping
from laoke.surfaces.importing.staging import Stage
from laoke.surfaces.importing.watch import Watch

_MANY = 5_000
# The price of one unit: as declared, or worked out and rounded. Zero quantities have been left out before.
UNIT_PRICE = "(value * 1000 + quantity // 2) // quantity"
_LARGEST_PRICE = 10**12


def unit_price(mapping: ImportMapping) -> str:
    """SQL over `line` of what one unit cost."""
    return f"coalesce(unit_price, {UNIT_PRICE})" if "unit_price" in mapping.columns else UNIT_PRICE


def create_missing(stage: Stage, caller: Caller, now: datetime, watch: Watch) -> dict[str, int]:
    """Make what `event` needs and fill in the ids in the tables of references; returns how many of each were made."""
    session = stage.session
    made = {}
    if codes := _needed(session, "store"):
        found = purchases.save_stores(caller, [StoreInput(code, code) for code in codes], at=now)
        made["stores"] = _fill(session, "store", found)
    if codes := _needed(session, "channel"):
        found = purchases.save_channels(caller, {code: (code, code) for code in codes}, at=now)
        made["channels"] = _fill(session, "channel", found)
    if products := _products(stage):
        watch.phase("products", len(products))
        found = {}
        for start in range(0, len(products), _MANY):
            part = products[start : start + _MANY]
            found |= purchases.save_products(caller, part, at=now)
            watch.advance(len(part))
        made["products"] = _fill(session, "product", found)
    if "member" in stage.mapping.columns and (count := _create_members(stage, caller, now, watch)):
        made["members"] = count
    return made


def pretend(stage: Stage) -> None:
    """Give what would be made ids that nothing has, so that returns can be matched in a dry run."""
    for field in ("store", "product"):
        stage.session.execute(f"update ref_{field} set id = -1 - rowid where id is null")


def _needed(session: duckdb.DuckDBPyConnection, field: str) -> list[str]:
    query = (
        f"select distinct {field} from event join ref_{field} on code = {field} "
        f"where ref_{field}.id is null order by 1"
    )
    return [row[0] for row in session.execute(query).fetchall()]


def _products(stage: Stage) -> list[ProductInput]:
    """Products at their latest price, called by the name they had last, or by their SKU."""
    name = "product_name" if "product_name" in stage.mapping.columns else "null"
    rows = stage.session.execute(
        f"select product, arg_max({name}, line.place), "
        f"arg_max(least({unit_price(stage.mapping)}, {_LARGEST_PRICE}), event.placed_at) "
        "from line join event using (store, order_no, is_return) join ref_product on code = product "
        "where ref_product.id is null and not is_return group by product order by product"
    ).fetchall()
    return [ProductInput(sku, name or sku, price) for sku, name, price in rows]


def _create_members(stage: Stage, caller: Caller, now: datetime, watch: Watch) -> int:
    """Members join with their first order, in its store and by its channel, in the order of time."""
    mapping, session = stage.mapping, stage.session
    rows = session.execute(
        "select member, epoch_us(min(event.placed_at)), arg_min(ref_store.id, event.placed_at), "
        "arg_min(ref_channel.id, event.placed_at) "
        "from event join ref_member on ref_member.code = member "
        "join ref_store on ref_store.code = store join ref_channel on ref_channel.code = channel "
        "where ref_member.id is null group by member order by 2, 1"
    ).fetchall()
    watch.phase("members", len(rows))
    created = 0
    found: dict[str, int] = {}
    for start in range(0, len(rows), _MANY):
        part = rows[start : start + _MANY]
        registrations = [
            Registration(
                registered_at=datetime.fromtimestamp(joined // 1_000_000, UTC),
                identities=(IdentityInput(mapping.member_kind, value, mapping.member_issuer),),
                home_store_id=store_id,
                channel_id=channel_id,
                tag_source="import",
            )
            for value, joined, store_id, channel_id in part
        ]
        outcome = member_services.register_many(caller=caller, at=now, rows=registrations)
        found.update(
            (row[0], each)
            for row, each in zip(part, outcome.outcomes, strict=True)
            if not isinstance(each, LaokeError)
        )
        created += len(outcome.member_ids)
        watch.advance(len(part))
    # Two ways of writing one number: the second was refused, and is the first.
    twins = [row[0] for row in rows if row[0] not in found]
    found |= members.find_many(mapping.member_kind, twins, mapping.member_issuer)[0]
    _fill(session, "member", found)
    return created


def _fill(session: duckdb.DuckDBPyConnection, field: str, ids: Mapping[str, int]) -> int:
    data = pa.table(
        [pa.array(list(ids), pa.string()), pa.array(list(ids.values()), pa.int64())], names=["code", "id"]
    )
    session.register("incoming", data)
    session.execute(
        f"update ref_{field} set id = incoming.id from incoming "
        f"where incoming.code = ref_{field}.code and ref_{field}.id is null"
    )
    session.unregister("incoming")
    return len(ids)
