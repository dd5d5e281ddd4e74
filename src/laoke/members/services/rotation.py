"""After a change of LAOKE_DATA_KEY: sealing again what an old key sealed, so that the old key can be thrown away."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from django.db import transaction

from laoke.foundation.access import Caller, Scope
from laoke.foundation.audit import services as audit
from laoke.foundation.vault import vault
from laoke.members.models import Identity, Member
from laoke.members.sealing import BIRTH_DATE, NAME, identity_purpose

BATCH = 1000


def reseal(*, caller: Caller, at: datetime) -> Iterator[int]:
    """Seal every value again that does not carry the current key; yields how many rows were looked at so far.

    Each batch is a transaction of its own: an interrupted run is simply started again. One entry goes into the
    audit trail at the end.

    Raises:
        MissingScope.
        SealedWithOtherKey: a value needs a key that LAOKE_OLD_DATA_KEYS does not name.
    """
    caller.require(Scope.STAFF)
    seen = resealed = 0
    for table in (_reseal_members, _reseal_identities):
        last = 0
        while True:
            with transaction.atomic():
                ids, changed = table(last)
            if not ids:
                break
            last, seen, resealed = ids[-1], seen + len(ids), resealed + changed
            yield seen
    audit.record(caller, "vault.resealed", "vault", "members", at=at, after={"rows": resealed})


def rows_to_reseal() -> int:
    """How many rows `reseal` goes through, for whoever shows its progress."""
    return Member.objects.count() + Identity.objects.count()


def _reseal_members(after: int) -> tuple[list[int], int]:
    box = vault()
    rows = list(Member.objects.select_for_update(no_key=True).filter(pk__gt=after).order_by("pk")[:BATCH])
    changed = []
    for row in rows:
        old = [row.name_sealed, row.birth_date_sealed]
        if any(sealed and not bytes(sealed).startswith(box.header) for sealed in old):
            if row.name_sealed:
                row.name_sealed = box.seal(box.unseal(row.name_sealed, NAME), NAME)
            if row.birth_date_sealed:
                row.birth_date_sealed = box.seal(box.unseal(row.birth_date_sealed, BIRTH_DATE), BIRTH_DATE)
            changed.append(row)
    Member.objects.bulk_update(changed, ["name_sealed", "birth_date_sealed"])
    return [row.pk for row in rows], len(changed)


def _reseal_identities(after: int) -> tuple[list[int], int]:
    box = vault()
    rows = list(Identity.objects.select_for_update(no_key=True).filter(pk__gt=after).order_by("pk")[:BATCH])
    changed = []
    for row in rows:
        if not bytes(row.value_sealed).startswith(box.header):
            purpose = identity_purpose(row.kind)
            row.value_sealed = box.seal(box.unseal(row.value_sealed, purpose), purpose)
            changed.append(row)
    Identity.objects.bulk_update(changed, ["value_sealed"])
    return [row.pk for row in rows], len(changed)
