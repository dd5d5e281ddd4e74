"""Registering members, one at the till or many from a file, by the same rules."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.conf import settings
from django.db import transaction
from psycopg.errors import UniqueViolation

from laoke.foundation.access import Caller, Scope
from laoke.foundation.outbox import services as outbox
from laoke.foundation.sql import hot_cursor
from laoke.foundation.vault import Vault, vault
from laoke.kernel.errors import LaokeError
from laoke.members import events, followers
from laoke.members.errors import IdentityMissing, IdentityTaken
from laoke.members.normal.identities import normalise
from laoke.members.normal.names import clean_name
from laoke.members.normal.person import (
    checked_birth_date,
    checked_consent,
    checked_gender,
    checked_language,
    checked_source,
    checked_tags,
    mmdd,
)
from laoke.members.sealing import SealedIdentity, SealedName, seal_birth_date, seal_identity, seal_name
from laoke.members.types import BulkOutcome, ConsentInput, IdentityInput, MemberId, Registration

# Each round that meets a twin sees the twin's identities in the next one.
_ROUNDS = 5


@dataclass(frozen=True, slots=True)
class _Prepared:
    """A registration checked and sealed, ready for the tables."""

    registered_at: datetime
    registered_date: date
    identities: tuple[SealedIdentity, ...]
    name: SealedName
    birth_date_sealed: bytes | None
    birthday_mmdd: int | None
    gender: str
    language: str
    home_store_id: int | None
    channel_id: int | None
    tags: tuple[str, ...]
    tag_source: str
    consents: tuple[ConsentInput, ...]


def register(
    *,
    caller: Caller,
    at: datetime,
    identities: Sequence[IdentityInput],
    name: str | None = None,
    birth_date: date | None = None,
    gender: str = "",
    language: str = "",
    home_store_id: int | None = None,
    channel_id: int | None = None,
    consents: Sequence[ConsentInput] = (),
    tags: Sequence[str] = (),
) -> MemberId:
    """Register one member and announce it.

    Raises:
        IdentityTaken: one of the identities belongs to a member; the error names that member.
        IdentityMissing, BadPhone, BadCardNumber, BadEmail, BadExternalId, BadIdentifier, BadName, BadMemberField,
        BadTag, BadConsent: what was given cannot be used.
        MissingScope.
    """
    row = Registration(
        registered_at=at,
        identities=tuple(identities),
        name=name,
        birth_date=birth_date,
        gender=gender,
        language=language,
        home_store_id=home_store_id,
        channel_id=channel_id,
        consents=tuple(consents),
        tags=tuple(tags),
    )
    with transaction.atomic():
        (outcome,) = register_many(caller=caller, at=at, rows=[row]).outcomes
        if isinstance(outcome, LaokeError):
            raise outcome
        payload = {"member_id": outcome, "home_store_id": home_store_id, "channel_id": channel_id}
        outbox.add(events.REGISTERED, payload, at=at, member_id=outcome)
    return outcome


@transaction.atomic
def register_many(*, caller: Caller, at: datetime, rows: Sequence[Registration]) -> BulkOutcome:
    """Register the rows that can be; say of each of the others why not. Announces nothing: this is history.

    Of two rows with the same identity the first goes in. One statement per table; hand over some thousands of
    rows at a time.

    Args:
        at: when they are recorded; each row says itself when its member registered.
    """
    caller.require(Scope.MEMBERS_WRITE)
    box, country = vault(), settings.LAOKE.country
    zone = settings.LAOKE.zone
    prepared: list[_Prepared | LaokeError] = []
    for row in rows:
        try:
            prepared.append(_prepare(row, row.registered_at.astimezone(zone).date(), box, country))
        except LaokeError as error:
            prepared.append(error)
    outcomes = _insert(prepared, caller.label[:120])
    if ids := [outcome for outcome in outcomes if not isinstance(outcome, LaokeError)]:
        for follower in followers.registered():
            follower.registered(ids, at)
    return BulkOutcome(tuple(outcomes))


def check(row: Registration) -> None:
    """Refuse a row that `register_many` would refuse for what stands in it, whoever else there is.

    Raises:
        IdentityMissing, BadPhone, BadCardNumber, BadEmail, BadExternalId, BadIdentifier, BadName, BadMemberField,
        BadTag, BadConsent.
    """
    today = row.registered_at.astimezone(settings.LAOKE.zone).date()
    _prepare(row, today, vault(), settings.LAOKE.country)


def _prepare(row: Registration, today: date, box: Vault, country: str) -> _Prepared:
    if row.registered_at.tzinfo is None:
        raise ValueError("registered_at takes an instant with its time zone")
    normal = [normalise(each.kind, each.value, each.issuer, country) for each in row.identities]
    if not normal:
        raise IdentityMissing
    identities = {sealed.key: sealed for sealed in (seal_identity(each, box) for each in normal)}
    birth_date = checked_birth_date(row.birth_date, today)
    for consent in row.consents:
        checked_consent(consent.channel, consent.purpose)
        checked_source(consent.source)
    return _Prepared(
        registered_at=row.registered_at,
        registered_date=today,
        identities=tuple(identities.values()),
        name=seal_name(clean_name(row.name), box),
        birth_date_sealed=seal_birth_date(birth_date, box),
        birthday_mmdd=mmdd(birth_date),
        gender=checked_gender(row.gender),
        language=checked_language(row.language),
        home_store_id=row.home_store_id,
        channel_id=row.channel_id,
        tags=checked_tags(row.tags),
        tag_source=checked_source(row.tag_source),
        consents=row.consents,
    )


def _insert(prepared: Sequence[_Prepared | LaokeError], recorded_by: str) -> list[MemberId | LaokeError]:
    for rounds_left in reversed(range(_ROUNDS)):
        outcomes, accepted = _settle(prepared)
        try:
            with transaction.atomic():
                _copy(accepted, recorded_by)
        except UniqueViolation:
            # Somebody registered one of these identities since we looked; now we see whose it is.
            if not rounds_left:
                raise
        else:
            break
    return outcomes


def _settle(
    prepared: Sequence[_Prepared | LaokeError],
) -> tuple[list[MemberId | LaokeError], list[tuple[MemberId, _Prepared]]]:
    """Decide which rows go in, and under which id: every identity belongs to the first who has it."""
    good = [row for row in prepared if isinstance(row, _Prepared)]
    owners = _owners([each.blind_index for row in good for each in row.identities])
    new_ids = iter(_new_ids(len(good)))
    outcomes: list[MemberId | LaokeError] = []
    accepted: list[tuple[MemberId, _Prepared]] = []
    for row in prepared:
        if isinstance(row, LaokeError):
            outcomes.append(row)
            continue
        taken = next((each for each in row.identities if each.key in owners), None)
        if taken is not None:
            outcomes.append(IdentityTaken(taken.kind.value, owners[taken.key]))
            continue
        member_id = next(new_ids)
        owners.update((each.key, member_id) for each in row.identities)
        outcomes.append(member_id)
        accepted.append((member_id, row))
    return outcomes, accepted


def _owners(indexes: list[bytes]) -> dict[tuple[bytes, str, str], MemberId]:
    with hot_cursor() as cursor:
        cursor.execute(
            "select blind_index, kind, issuer, member_id from members_identity "
            "where blind_index = any(%b::bytea[])",
            [sorted(indexes)],
        )
        return {(bytes(index), kind, issuer): member_id for index, kind, issuer, member_id in cursor}


def _new_ids(count: int) -> list[MemberId]:
    with hot_cursor() as cursor:
        cursor.execute(
            "select nextval(pg_get_serial_sequence('members_member', 'id')) from generate_series(1, %s::int)",
            [count],
        )
        return [member_id for (member_id,) in cursor]


def _copy(accepted: Sequence[tuple[MemberId, _Prepared]], recorded_by: str) -> None:
    if not accepted:
        return
    _copy_rows(
        "members_member (id, status, name_sealed, name_masked, name_tokens, birth_date_sealed, birthday_mmdd, "
        "gender, language, registered_at, registered_date, home_store_id, registered_channel_id, updated_at, "
        "version)",
        "int8 varchar bytea varchar int8[] bytea int2 varchar varchar timestamptz date int8 int8 timestamptz int4",
        [
            (
                member_id,
                "active",
                row.name.sealed,
                row.name.masked,
                row.name.tokens,
                row.birth_date_sealed,
                row.birthday_mmdd,
                row.gender,
                row.language,
                row.registered_at,
                row.registered_date,
                row.home_store_id,
                row.channel_id,
                row.registered_at,
                1,
            )
            for member_id, row in accepted
        ],
    )
    identities = [
        (
            member_id,
            each.kind.value,
            each.issuer,
            each.blind_index,
            each.tail_index,
            each.value_sealed,
            each.value_masked,
            row.registered_at,
        )
        for member_id, row in accepted
        for each in row.identities
    ]
    # In the order of the index: two registrations that share several identities wait for each other instead of
    # deadlocking.
    identities.sort(key=lambda columns: (columns[3], columns[1], columns[2]))
    _copy_rows(
        "members_identity (member_id, kind, issuer, blind_index, tail_index, value_sealed, value_masked, added_at)",
        "int8 varchar varchar bytea bytea bytea varchar timestamptz",
        identities,
    )
    _copy_rows(
        "members_membertag (member_id, tag, source, added_at)",
        "int8 varchar varchar timestamptz",
        [
            (member_id, tag, row.tag_source, row.registered_at)
            for member_id, row in accepted
            for tag in row.tags
        ],
    )
    _copy_rows(
        "members_consentevent (member_id, channel, purpose, granted, at, source, recorded_by)",
        "int8 varchar varchar bool timestamptz varchar varchar",
        [
            (
                member_id,
                consent.channel,
                consent.purpose,
                consent.granted,
                consent.at or row.registered_at,
                consent.source,
                recorded_by,
            )
            for member_id, row in accepted
            for consent in row.consents
        ],
    )


def _copy_rows(target: str, types: str, rows: Sequence[tuple[object, ...]]) -> None:
    if not rows:
        return
    with hot_cursor() as cursor, cursor.copy(f"copy {target} from stdin (format binary)") as copy:
        copy.set_types(types.split())
        for row in rows:
            copy.write_row(row)
