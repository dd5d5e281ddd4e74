"""After a change of LAOKE_DATA_KEY: codes sealed again, so that the old key can be thrown away."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from django.db import transaction

from laoke.benefits.coupons import codes, limits
from laoke.benefits.models import Coupon
from laoke.foundation.access import Caller, Scope
from laoke.foundation.audit import services as audit
from laoke.foundation.sql import hot_cursor
from laoke.foundation.vault import vault

BATCH = 5000


def reseal(*, caller: Caller, at: datetime) -> Iterator[int]:
    """Seal every code again that does not carry the current key; yields how many rows were looked at so far.

    Each batch is a transaction of its own: an interrupted run is simply started again. One entry goes into the audit
    trail at the end.

    Raises:
        MissingScope.
        SealedWithOtherKey: a code needs a key that LAOKE_OLD_DATA_KEYS does not name.
    """
    caller.require(Scope.STAFF)
    box = vault()
    last = seen = resealed = 0
    while True:
        with transaction.atomic(), hot_cursor() as cursor:
            limits.begin(cursor)
            # In the order of their number, as whoever uses coupons locks them.
            rows = cursor.execute(
                "select id, code_sealed from benefits_coupon where id > %s order by id limit %s "
                "for no key update",
                (last, BATCH),
            ).fetchall()
            old = [
                (number, codes.seal(box, codes.unseal(box, sealed)))
                for number, sealed in rows
                if not bytes(sealed).startswith(box.header)
            ]
            if old:
                cursor.execute(
                    "update benefits_coupon c set code_sealed = anew.sealed "
                    "from unnest(%s::bigint[], %s::bytea[]) as anew (id, sealed) where c.id = anew.id",
                    ([number for number, _ in old], [sealed for _, sealed in old]),
                )
        if not rows:
            break
        last, seen, resealed = rows[-1][0], seen + len(rows), resealed + len(old)
        yield seen
    audit.record(caller, "vault.resealed", "vault", "coupons", at=at, after={"rows": resealed})


def rows_to_reseal() -> int:
    """How many rows `reseal` goes through, for whoever shows its progress."""
    return Coupon.objects.count()
