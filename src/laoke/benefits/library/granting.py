"""Granting benefits: on a birthday, on reaching a tier, on joining, by hand. Of each occasion once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import psycopg
from django.conf import settings
from django.db import transaction

from laoke.benefits import events
from laoke.benefits.library import entitlements, publication
from laoke.benefits.library.documents import On
from laoke.benefits.library.entitlements import Facts
from laoke.benefits.library.errors import CannotGrant, UnknownGrant
from laoke.benefits.library.models import BenefitGrant, BenefitUse
from laoke.benefits.library.publication import Benefit
from laoke.engine.entitlement.judging import failed
from laoke.foundation.access import Caller, Scope
from laoke.foundation.audit import services as audit
from laoke.foundation.outbox import services as outbox
from laoke.foundation.sql import hot_cursor
from laoke.kernel.calendar import start_of_day
from laoke.members import selectors as members

BATCH = 500


@dataclass(frozen=True, slots=True)
class Given:
    """A grant. `first` is false when the member had it before."""

    grant_id: int
    member_id: int
    benefit: str
    valid_from: datetime
    valid_until: datetime
    first: bool


def by_hand(
    caller: Caller, member_id: int, benefit: str, reference: str, *, reason: str = "", at: datetime
) -> Given:
    """Grant a benefit to a member by hand; `reference` is what it is for, of a member and benefit each counts once.

    Any benefit that is granted at all can be, whatever its occasion; the tier has to have it.

    Raises:
        MissingScope, UnknownBenefit, UnknownMember, MemberErased, CannotGrant.
    """
    caller.require(Scope.BENEFITS_GRANT)
    with transaction.atomic(), hot_cursor() as cursor:
        facts = entitlements.facts_of(member_id, at)
        found = facts.library.get(benefit)
        if not found.right.by_grant:
            raise CannotGrant("by_status")
        if not facts.holder.active:
            raise CannotGrant("member_not_active")
        if found.right.ends is not None and found.right.ends <= at:
            raise CannotGrant("over")
        if found.right.share(facts.holder.tier) is None:
            raise CannotGrant("tier")
        given = _give(cursor, facts, found, On.HAND, f"hand:{reference}", at, at, caller.label, reason)
        if given.first:
            audit.record(
                caller,
                "benefit.granted",
                "member",
                facts.member_id,
                at=at,
                after={"benefit": benefit, "grant": given.grant_id},
                reason=reason,
            )
        return given


def reached(member_id: int, tier: str, *, at: datetime) -> list[Given]:
    """A member has moved up to a tier: grant what comes with that, once a year for each tier."""
    year = at.astimezone(settings.LAOKE.zone).year
    return _on_occasion(member_id, On.UPGRADE, f"upgrade:{tier}:{year}", tier, at)


def lost(member_id: int, tier: str, *, at: datetime) -> int:
    """Goods came back, and with them the way up to a tier: what it brought and was not used is revoked; how many."""
    year = at.astimezone(settings.LAOKE.zone).year
    with transaction.atomic():
        _lock(member_id)
        open_ones = BenefitGrant.objects.filter(
            member_id=member_id, reference=f"upgrade:{tier}:{year}", revoked_at=None
        ).exclude(pk__in=BenefitUse.objects.filter(undone_at=None, grant_id__isnull=False).values("grant_id"))
        return open_ones.update(revoked_at=at, revoked_by="tier")


def joined(member_id: int, *, at: datetime) -> list[Given]:
    """Somebody became a member: grant what comes with that."""
    return _on_occasion(member_id, On.JOINING, "joining", None, at)


def birthdays(today: date, *, now: datetime) -> int:
    """Grant what comes with the birthdays that a benefit begins with on a day; returns how many. A repeat grants none.

    Who was born on 29 February has it on the 28th in common years.
    """
    given = 0
    for benefit in publication.in_force().benefits.values():
        terms = benefit.document.granted
        if terms is None or terms.on is not On.BIRTHDAY:
            continue
        day = today + timedelta(days=terms.days_before)
        since = start_of_day(today, settings.LAOKE.zone)
        after = 0
        while numbers := _born_on(day, after):
            with transaction.atomic(), hot_cursor() as cursor:
                for number in numbers:
                    facts = entitlements.facts_of(number, now)
                    if not _has(facts, benefit):
                        continue
                    reference = f"birthday:{day.year}"
                    one = _give(
                        cursor,
                        facts,
                        benefit,
                        On.BIRTHDAY,
                        reference,
                        since,
                        now,
                        "birthday",
                        "",
                        terms.days_before,
                    )
                    given += one.first
            after = numbers[-1]
    return given


def anybody_moving() -> bool:
    """Whether a benefit in force comes with the way up."""
    return _any_on(On.UPGRADE)


def anybody_joining() -> bool:
    """Whether a benefit in force comes with joining."""
    return _any_on(On.JOINING)


def _any_on(on: On) -> bool:
    found = (benefit.document.granted for benefit in publication.in_force().benefits.values())
    return any(terms is not None and terms.on is on for terms in found)


def revoke(caller: Caller, grant_id: int, *, reason: str = "", at: datetime) -> bool:
    """Take back what is left of a grant; what was used stays used. False when it was revoked before.

    Raises:
        MissingScope, UnknownGrant
    """
    caller.require(Scope.BENEFITS_GRANT)
    with transaction.atomic():
        row = BenefitGrant.objects.filter(pk=grant_id).first()
        if row is None:
            raise UnknownGrant
        # As a use does: it sees the grant before or after.
        _lock(members.kept_id(row.member_id))
        row = BenefitGrant.objects.select_for_update().get(pk=grant_id)
        if row.revoked_at is not None:
            return False
        row.revoked_at, row.revoked_by = at, caller.label
        row.save(update_fields=["revoked_at", "revoked_by"])
        audit.record(
            caller,
            "benefit.revoked",
            "member",
            row.member_id,
            at=at,
            after={"benefit": row.benefit, "grant": grant_id},
            reason=reason,
        )
        return True


def _on_occasion(member_id: int, on: On, reference: str, tier: str | None, at: datetime) -> list[Given]:
    wanted = [
        benefit
        for benefit in publication.in_force().benefits.values()
        if benefit.document.granted is not None and benefit.document.granted.on is on
    ]
    if not wanted:
        return []
    with transaction.atomic(), hot_cursor() as cursor:
        facts = entitlements.facts_of(member_id, at)
        return [
            _give(cursor, facts, benefit, on, reference, at, at, on.value, "")
            for benefit in wanted
            # The gift of the tier that was reached, whatever has come since.
            if (tier is None or tier in benefit.right.shares) and _has(facts, benefit, tier)
        ]


def _has(facts: Facts, benefit: Benefit, tier: str | None = None) -> bool:
    return (
        facts.holder.active
        and benefit.right.share(tier or facts.holder.tier) is not None
        and failed(benefit.right.when, facts.holder.known) is None
    )


def _give(
    cursor: psycopg.Cursor[Any],
    facts: Facts,
    benefit: Benefit,
    on: On,
    reference: str,
    since: datetime,
    at: datetime,
    by: str,
    note: str,
    days_before: int = 0,
) -> Given:
    terms = benefit.document.granted
    share = benefit.right.share(facts.holder.tier)
    assert terms is not None
    quota = share.quota if share is not None and share.quota is not None else 1
    last = since.astimezone(settings.LAOKE.zone).date() + timedelta(days=terms.days + days_before)
    until = start_of_day(last + timedelta(days=1), settings.LAOKE.zone)
    row = cursor.execute(
        "insert into benefits_benefitgrant as held (member_id, benefit, cause, reference, quota, valid_from, "
        "valid_until, granted_at, granted_by, note, revoked_by) values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, '') "
        # What a return took away comes back with the next way up.
        "on conflict (member_id, benefit, reference) do update set revoked_at = null, revoked_by = '' "
        "where held.revoked_by = 'tier' returning id, valid_from, valid_until",
        (
            facts.member_id,
            benefit.key,
            on.value,
            reference,
            quota,
            since,
            until,
            at,
            by,
            note[:200],
        ),
    ).fetchone()
    if row is None:
        had = BenefitGrant.objects.get(member_id=facts.member_id, benefit=benefit.key, reference=reference)
        return Given(had.pk, facts.member_id, benefit.key, had.valid_from, had.valid_until, first=False)
    outbox.add(
        events.GRANTED,
        {
            "grant_id": row[0],
            "benefit": benefit.key,
            "member_id": facts.member_id,
            "cause": on.value,
            "valid_from": row[1].isoformat(),
            "valid_until": row[2].isoformat(),
        },
        at=at,
        member_id=facts.member_id,
    )
    return Given(row[0], facts.member_id, benefit.key, row[1], row[2], first=True)


def _born_on(day: date, after: int) -> list[int]:
    days = [day.month * 100 + day.day]
    if days == [228] and not (day.year % 4 == 0 and (day.year % 100 != 0 or day.year % 400 == 0)):
        days.append(229)
    with hot_cursor() as cursor:
        return [
            row[0]
            for row in cursor.execute(
                "select id from members_member where birthday_mmdd = any(%s) and status = 'active' and id > %s "
                "order by id limit %s",
                (days, after, BATCH),
            ).fetchall()
        ]


def _lock(member_id: int) -> None:
    with hot_cursor() as cursor:
        cursor.execute("select from members_member where id = %s for no key update", (member_id,))
