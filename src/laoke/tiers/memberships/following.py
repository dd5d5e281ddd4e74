"""Paid memberships follow a merge, come back with its undo, and end with the person."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from django.conf import settings

from laoke.engine import memberships as rules
from laoke.engine.tiering import How, Ladder
from laoke.foundation.sql import hot_cursor
from laoke.tiers import assigning, clock
from laoke.tiers import selectors as tiers
from laoke.tiers.memberships import ending, selectors
from laoke.tiers.memberships.models import Membership, Payment
from laoke.tiers.memberships.records import worth

_RUNNING, _MERGED = Membership.State.RUNNING, Membership.State.MERGED


class MembershipsFollow:
    """See laoke.members.followers. Comes after the tiers."""

    name = "memberships"

    def registered(self, member_ids: Sequence[int], at: datetime) -> None:
        """Nobody begins with a paid membership."""

    def merge(self, kept_id: int, gone_id: int, at: datetime) -> Mapping[str, object]:
        """All go to the kept member. Of two that run the paid one goes on, the one of the higher tier, the longer one;
        the unused days of the other make it longer by as many days as they are worth.
        """
        today = _today(at)
        ending.expired([kept_id, gone_id], today, at)
        theirs = list(Membership.objects.filter(member_id=gone_id).values_list("id", flat=True))
        running = list(Membership.objects.filter(member_id__in=(kept_id, gone_id), state=_RUNNING))
        joined = _join(running, kept_id, tiers.ladder(), today, at) if len(running) > 1 else {}
        Membership.objects.filter(pk__in=theirs).update(member_id=kept_id)
        _stand(kept_id, at)
        return {"memberships": theirs, **joined}

    def unmerge(self, kept_id: int, gone_id: int, moved: Mapping[str, Any], at: datetime) -> None:
        """Each has its own again. Days that came over go back, unless that membership was changed since."""
        theirs = list(moved.get("memberships", ()))
        Membership.objects.filter(pk__in=theirs, member_id=kept_id).update(member_id=gone_id)
        if moved.get("lesser") is not None:
            _part(moved, at)
        for member_id in (kept_id, gone_id):
            ending.expired([member_id], _today(at), at)
            _stand(member_id, at)

    def export(self, member_id: int) -> Mapping[str, object]:
        """Every membership with its payments and what came back."""
        return {"memberships": [selectors.as_json(each) for each in selectors.of_member(member_id)]}

    def erase(self, member_id: int, at: datetime) -> None:
        """What runs ends, and its tier. What was paid holds only the number of the member: it stays."""
        row = Membership.objects.filter(member_id=member_id, state=_RUNNING).first()
        if row is not None:
            ending.end(row, Membership.State.ERASED, at, at)
            _stand(member_id, at)


def _join(
    running: list[Membership], kept_id: int, ladder: Ladder, today: date, at: datetime
) -> dict[str, object]:
    """Make one of two that run; what `_part` needs."""
    lesser, better = sorted(
        running, key=lambda row: (not row.trial, ladder.rank(row.tier), row.until, row.member_id == kept_id)
    )
    terms = worth(lesser)
    credit = rules.credit(terms, today)
    paid = [term for term in worth(better) if term.worth_minor]
    # Where the better one cost nothing, a day is a day.
    days = rules.days_for(credit, paid[-1]) if paid else sum(term.unused(today) for term in terms)
    before = {
        "until": better.until.isoformat(),
        "through": better.through.isoformat(),
        "anchor": better.anchor,
    }
    payment = None
    if days:
        first = better.until + timedelta(days=1)
        payment = Payment.objects.create(
            membership=better,
            kind=Payment.Kind.MERGE,
            first=first,
            last=better.until + timedelta(days=days),
            minor=0,
            credit_minor=credit,
            price_minor=0,
            paid_at=at,
            recorded_at=at,
            recorded_by="merge",
        )
        lesser.moved_minor = credit
        better.until += timedelta(days=days)
        better.through += timedelta(days=days)
        better.anchor = (better.until + timedelta(days=1)).day
        better.credit_minor += credit
        better.save(update_fields=["until", "through", "anchor", "credit_minor"])
    ending.end(lesser, _MERGED, at, at)
    return {"lesser": lesser.pk, "better": better.pk, "payment": payment and payment.pk, "before": before}


def _part(moved: Mapping[str, Any], at: datetime) -> None:
    """Make two again of what `_join` made one of, if the one that went on is as it was then."""
    lesser = Membership.objects.get(pk=moved["lesser"])
    better = Membership.objects.get(pk=moved["better"])
    payment = Payment.objects.filter(pk=moved["payment"]).first()
    until = payment.last if payment else date.fromisoformat(moved["before"]["until"])
    if lesser.state != _MERGED or better.state != _RUNNING or better.until != until:
        return
    if payment:
        payment.undone_at = at
        payment.save(update_fields=["undone_at"])
        better.until = date.fromisoformat(moved["before"]["until"])
        better.through = date.fromisoformat(moved["before"]["through"])
        better.anchor = moved["before"]["anchor"]
        better.credit_minor -= payment.credit_minor
        better.save(update_fields=["until", "through", "anchor", "credit_minor"])
    lesser.state, lesser.ended_at, lesser.moved_minor = _RUNNING, None, 0
    lesser.save(update_fields=["state", "ended_at", "moved_minor"])


def _stand(member_id: int, at: datetime) -> None:
    """Let the standing say what runs, or nothing."""
    ladder = tiers.ladder()
    with hot_cursor() as cursor:
        state = clock.settle(cursor, member_id, ladder, _today(at), at)
        if state is None:
            return
        had = state.standing.assigned
        row = Membership.objects.filter(member_id=member_id, state=_RUNNING).first()
        if row is None:
            if had and had.how is How.PAID:
                assigning.drop(cursor, member_id, ladder, state, at)
        elif had is None or (had.tier, had.how, had.until) != (row.tier, How.PAID, row.through):
            assigning.put(cursor, member_id, ladder, state, row.tier, how=How.PAID, until=row.through, at=at)


def _today(at: datetime) -> date:
    return at.astimezone(settings.LAOKE.zone).date()
