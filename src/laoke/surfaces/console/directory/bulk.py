"""One thing done to many members: at once for a few hundred, in the background for more.

Members are taken in the order of their numbers, in batches; each batch is one transaction together with what it did
(BulkOutcome) and how far it got, so a run that is stopped, killed or repeated changes everybody once. Tags can be
taken back: exactly those members are restored that were changed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from laoke.foundation.access import Caller, Scope
from laoke.foundation.audit import services as audit
from laoke.foundation.sql import hot_cursor, load
from laoke.foundation.vault import vault
from laoke.kernel.errors import LaokeError
from laoke.members import services as members
from laoke.members.normal.person import checked_reason, checked_tag
from laoke.surfaces.console.directory import counting, deeds
from laoke.surfaces.console.directory.conditions import Scene, Where, where
from laoke.surfaces.console.directory.filters import Filter
from laoke.surfaces.console.directory.models import BulkAct, BulkOutcome
from laoke.surfaces.console.directory.night import since_newest
from laoke.surfaces.console.directory.saved import parsed
from laoke.surfaces.console.directory.vocabulary import Vocabulary, vocabulary
from laoke.surfaces.console.directory.walking import BY_NUMBER, walk

AT_ONCE = 500
BATCH = 500
UNDO_WITHIN = timedelta(days=1)
_KEEP = timedelta(days=30)
PURPOSE = "console.query"
OUT_OF_SIGHT = "out-of-sight"
UNDONE = "undone"
TAGGING = ("tag", "untag")
KINDS = (*TAGGING, "block", "unblock")
_UNDER_WAY = (BulkAct.WAITING, BulkAct.RUNNING, BulkAct.STOPPING, BulkAct.UNDOING)

FAILURES: dict[str, Any] = {
    OUT_OF_SIGHT: gettext_lazy("not found among the members you may see"),
    "unknown-member": gettext_lazy("does not exist"),
    "member-merged": gettext_lazy("was merged into another member"),
    "member-erased": gettext_lazy("was erased at the person's request"),
}


class NobodySelected(LaokeError):
    """A bulk action without members."""

    code, status, title = "nobody-selected", 422, "No member selected"

    def __init__(self) -> None:
        super().__init__(_("Select at least one member, or all that the filter finds."))


class UnknownBulkAct(LaokeError):
    """No bulk action of the account has this number."""

    code, status, title = "unknown-bulk-act", 404, "No such action"

    def __init__(self) -> None:
        super().__init__(_("This action does not exist, or somebody else started it."))


class CannotUndo(LaokeError):
    """A bulk action that cannot be taken back, or no longer."""

    code, status, title = "cannot-undo", 409, "Cannot be undone"

    def __init__(self) -> None:
        super().__init__(_("Only tags can be taken back, within a day, and once the action has ended."))


class CannotResume(LaokeError):
    """A bulk action that did not break off, or so long ago that it is not known any more whom it was for."""

    code, status, title = "cannot-resume", 409, "Cannot be gone on with"

    def __init__(self) -> None:
        super().__init__(_("Only what broke off can be gone on with, within a month."))


@dataclass(frozen=True, slots=True)
class Target:
    """Whom an act is for: the members of these numbers, or all that a filter finds (`ids` is None)."""

    wanted: Filter
    ids: tuple[int, ...] | None = None

    def where(self, words: Vocabulary, scene: Scene) -> Where:
        """The conditions that find them."""
        if self.ids is None:
            return where(self.wanted, words, scene)
        return where(Filter(), words, scene, only=self.ids)


@dataclass(frozen=True, slots=True)
class Failure:
    """A member that could not be changed, and why."""

    member_id: int
    why: Any


@dataclass(frozen=True, slots=True)
class ActView:
    """An act as its page shows it. `word` is the tag; `waiting` while a worker has not begun or is at it.

    `undone` of the `changed` were put back, `left` not; `broke_off` says why an act failed.
    """

    id: int
    kind: str
    word: str
    reason: str
    asked: int
    changed: int
    failed: int
    undone: int
    left: int
    state: str
    broke_off: Any
    at: datetime
    ended_at: datetime | None
    waiting: bool
    may_undo: bool
    may_resume: bool
    failures: tuple[Failure, ...]


@transaction.atomic
def start(
    actor: Caller,
    kind: str,
    target: Target,
    *,
    stores: Sequence[int] | None,
    word: str = "",
    reason: str = "",
    words: Vocabulary,
    scene: Scene,
    later: Callable[[int, datetime], object],
) -> BulkAct:
    """Do it now when there are at most AT_ONCE, else leave it to `later(act id, at)`.

    Raises:
        NobodySelected, BadTag, ReasonMissing, MissingScope.
    """
    actor.require(Scope.MEMBERS_WRITE)
    if kind in TAGGING:
        word, reason = checked_tag(word), ""
    else:
        word, reason = "", checked_reason(reason)
    found = target.where(words, scene)
    chosen = None if target.ids is None else sorted(set(target.ids))
    asked = counting.exactly(found, 2**31 - 2) if chosen is None else len(chosen)
    if not asked:
        raise NobodySelected
    act = BulkAct(
        kind=kind,
        word=word,
        reason=reason,
        staff_id=actor.id,
        actor=actor.label,
        stores=None if stores is None else list(stores),
        asked=asked,
        state=BulkAct.RUNNING,
        at=scene.at,
    )
    now = chosen is not None or asked <= AT_ONCE
    if not now:
        act.state = BulkAct.WAITING
        act.query_sealed = vault().seal(target.wanted.query(), PURPOSE)
    act.save()
    audit.record(
        actor,
        f"members.bulk_{kind}",
        "bulk",
        act.pk,
        at=scene.at,
        after={"tag": word, "members": asked, "filter": replace(target.wanted, q="").query()},
        reason=reason,
    )
    if not now:
        later(act.pk, scene.at)
        return act
    seen = walk(found, BY_NUMBER, None, limit=asked).ids
    visible = set(seen)
    hidden = {one: OUT_OF_SIGHT for one in chosen or () if one not in visible}
    _batch(actor, act, seen, hidden)
    _end(act, BulkAct.DONE, scene.at)
    return act


def go_on(act_id: int, stopping: Callable[[int], bool], now: Callable[[], datetime]) -> BulkAct | None:
    """Work through an act that was left for later, or take one back; None when there is nothing to do.

    One that was given up is gone on with where it broke off, when somebody has its run tried again.

    Args:
        stopping: told after each batch how many members it was about; says whether to end early.
    """
    act = _taken_up(act_id, now)
    if act is None or act.state == BulkAct.STOPPED:
        return act
    actor = _actor_of(act)
    if act.state == BulkAct.UNDOING:
        return _take_back(actor, act, stopping, now)
    wanted, _order = parsed(vault().unseal(act.query_sealed or b"", PURPOSE))
    words = vocabulary(actor, places=True)
    stores = None if act.stores is None else tuple(act.stores)
    zone = settings.LAOKE.zone
    scene = Scene(act.at, zone, settings.LAOKE.currency, since_newest(), stores)
    ended = False
    while not ended:
        found = where(wanted, words, scene)
        found.add("m.id > %(position)s::bigint", position=act.position)
        ids = walk(found, BY_NUMBER, None, limit=BATCH).ids
        if not ids:
            _end(act, BulkAct.DONE, now())
            return act
        with transaction.atomic():
            # Whoever asked to stop wrote so here: the row says it until this run has seen it.
            act = BulkAct.objects.select_for_update().get(pk=act_id)
            if act.state == BulkAct.STOPPING:
                _end(act, BulkAct.STOPPED, now())
                return act
            act.state = BulkAct.RUNNING
            _batch(actor, act, ids, {})
            act.save()
        ended = stopping(len(ids))
    return act


def stop(actor: Caller, act_id: int, at: datetime) -> None:
    """Ask a run to end; one that no worker has begun ends at once.

    Raises:
        UnknownBulkAct, MissingScope.
    """
    actor.require(Scope.MEMBERS_WRITE)
    with transaction.atomic():
        act = _own(actor, act_id, lock=True)
        if act.state == BulkAct.WAITING:
            _end(act, BulkAct.STOPPED, at)
        elif act.state == BulkAct.RUNNING:
            act.state = BulkAct.STOPPING
            act.save()
        else:
            return
        audit.record(actor, "members.bulk_stopped", "bulk", act_id, at=at)


def undo(actor: Caller, act_id: int, at: datetime, later: Callable[[int, datetime], object]) -> BulkAct:
    """Take tags back, or put them back as they were, of exactly the members that were changed.

    One that was begun and did not come to its end is gone on with, however late.

    Raises:
        UnknownBulkAct, CannotUndo, MissingScope.
    """
    actor.require(Scope.MEMBERS_WRITE)
    with transaction.atomic():
        act = _own(actor, act_id, lock=True)
        if act.state == BulkAct.UNDONE:
            return act
        if not _may_undo(act, at):
            raise CannotUndo
        act.state, act.failure = BulkAct.UNDOING, ""
        act.undo_at = act.undo_at or at
        act.save()
        left = act.changed - act.undone
        audit.record(actor, "members.bulk_undone", "bulk", act_id, at=at, after={"members": left})
        if left > AT_ONCE:
            later(act_id, at)
            return act
        return _take_back(actor, act, lambda count: False, lambda: at)


def view(actor: Caller, act_id: int, at: datetime, *, most_failures: int = 200) -> ActView:
    """An act of the account.

    Raises:
        UnknownBulkAct.
    """
    act = _own(actor, act_id)
    rows = (
        BulkOutcome.objects.filter(act_id=act_id)
        .exclude(error__in=("", UNDONE))
        .order_by("member_id")
        .values_list("member_id", "error")[:most_failures]
    )
    return ActView(
        id=act.pk,
        kind=act.kind,
        word=act.word,
        reason=act.reason,
        asked=act.asked,
        changed=act.changed,
        failed=act.failed,
        undone=act.undone,
        left=act.changed - act.undone,
        state=act.state,
        broke_off=deeds.BROKE_OFF.get(act.failure, "") if act.state == BulkAct.FAILED else "",
        at=act.at,
        ended_at=act.ended_at,
        waiting=act.state in _UNDER_WAY,
        may_undo=_may_undo(act, at),
        may_resume=may_resume(act),
        failures=tuple(Failure(one, FAILURES.get(error, error)) for one, error in rows),
    )


def may_resume(act: BulkAct) -> bool:
    """Whether an act that broke off can be gone on with: after a month it is not known any more whom it was for."""
    return act.state == BulkAct.FAILED and (act.undo_at is not None or act.query_sealed is not None)


def resume(actor: Caller, act_id: int, at: datetime, later: Callable[[int, datetime], object]) -> None:
    """Have an act that broke off gone on with behind the last member it changed; one under way is left alone.

    Raises:
        UnknownBulkAct, CannotResume, MissingScope.
    """
    actor.require(Scope.MEMBERS_WRITE)
    with transaction.atomic():
        act = _own(actor, act_id, lock=True)
        if act.state in _UNDER_WAY:
            return
        if not may_resume(act):
            raise CannotResume
        act.state = BulkAct.UNDOING if act.undo_at else BulkAct.WAITING
        act.failure, act.ended_at = "", None
        act.save()
        left = act.changed - act.undone if act.undo_at else act.asked - act.changed - act.failed
        audit.record(actor, "members.bulk_resumed", "bulk", act_id, at=at, after={"members": max(left, 0)})
        later(act_id, at)


def size_of(act_id: int) -> int:
    """How many members an act is for, 0 for an unknown one."""
    return BulkAct.objects.filter(pk=act_id).values_list("asked", flat=True).first() or 0


def halt(act_id: int, at: datetime) -> BulkAct | None:
    """End a run that somebody stopped on the page of all jobs; gives the act when it ended by this.

    Taking back may end here as well: what was not put back yet can be, whenever somebody asks again.
    """
    with transaction.atomic():
        rows = BulkAct.objects.select_for_update()
        act = rows.filter(pk=act_id, state__in=(BulkAct.RUNNING, BulkAct.STOPPING, BulkAct.UNDOING)).first()
        if act is not None:
            _end(act, BulkAct.STOPPED, at)
    return act


def fail_orphans(at: datetime) -> list[BulkAct]:
    """End what no worker will go on with, its runs having been given up; gives what ended so.

    What was done stays, and tags can be taken back.
    """
    ended = []
    with hot_cursor() as cursor:
        rows = cursor.execute(load("laoke.surfaces.console", "orphaned_acts")).fetchall()
    for act_id, with_error in rows:
        with transaction.atomic():
            act = BulkAct.objects.select_for_update().filter(pk=act_id, state__in=_UNDER_WAY).first()
            if act is not None:
                act.failure = deeds.ERROR if with_error else deeds.WORKER
                _end(act, BulkAct.FAILED, at)
                ended.append(act)
    return ended


def purge(at: datetime) -> None:
    """Forget of acts of a month ago what was asked for and who could not be changed, and acts that changed nobody.

    What was done to whom stays as long as the audit trail: the pages of these members tell of it.
    """
    old = BulkAct.objects.filter(at__lt=at - _KEEP)
    old.filter(changed=0).delete()
    BulkOutcome.objects.filter(act__in=old).exclude(error__in=("", UNDONE)).delete()
    old.exclude(query_sealed=None).update(query_sealed=None)


def _batch(actor: Caller, act: BulkAct, ids: Sequence[int], hidden: Mapping[int, str]) -> None:
    """Change these members and write down what became of each. Within a transaction."""
    were: dict[int, members.TagThatWas] = {}
    if act.kind == "tag":
        done = members.tag_many(caller=actor, member_ids=ids, tag=act.word, at=act.at)
    elif act.kind == "untag":
        done, was = members.untag_many(caller=actor, member_ids=ids, tag=act.word, at=act.at)
        were = {each.member_id: each for each in was}
    elif act.kind == "block":
        done = members.block_many(caller=actor, member_ids=ids, reason=act.reason, at=act.at)
    else:
        done = members.unblock_many(caller=actor, member_ids=ids, reason=act.reason, at=act.at)
    refused = {**done.refused, **hidden}
    outcomes = [
        BulkOutcome(
            act_id=act.pk,
            member_id=one,
            source=were[one].source if one in were else "",
            added_at=were[one].added_at if one in were else None,
        )
        for one in done.ids
    ]
    outcomes += [BulkOutcome(act_id=act.pk, member_id=one, error=code) for one, code in refused.items()]
    BulkOutcome.objects.bulk_create(outcomes)
    act.changed += len(done.ids)
    act.failed += len(refused)
    if ids:
        act.position = ids[-1]


def _taken_up(act_id: int, now: Callable[[], datetime]) -> BulkAct | None:
    """The act to work on; None when it has ended. One that was to end when its worker did ends here."""
    with transaction.atomic():
        act = BulkAct.objects.select_for_update().filter(pk=act_id).first()
        if act is None:
            return None
        if act.state == BulkAct.STOPPING:
            _end(act, BulkAct.STOPPED, now())
        elif act.state == BulkAct.FAILED:
            act.state = BulkAct.UNDOING if act.undo_at else BulkAct.RUNNING
            act.failure, act.ended_at = "", None
            act.save()
        elif act.state not in _UNDER_WAY:
            return None
    return act


def _take_back(
    actor: Caller, act: BulkAct, stopping: Callable[[int], bool], now: Callable[[], datetime]
) -> BulkAct:
    while True:
        with transaction.atomic():
            act = BulkAct.objects.select_for_update().get(pk=act.pk)
            if act.state != BulkAct.UNDOING:
                return act
            rows = list(BulkOutcome.objects.filter(act_id=act.pk, error="").order_by("member_id")[:BATCH])
            if not rows:
                _end(act, BulkAct.UNDONE, now())
                return act
            _reverse(actor, act, rows, now())
            ids = [row.member_id for row in rows]
            BulkOutcome.objects.filter(act_id=act.pk, member_id__in=ids).update(error=UNDONE)
            act.undone += len(rows)
            act.save()
        if stopping(len(rows)):
            return act


def _reverse(actor: Caller, act: BulkAct, rows: Iterable[BulkOutcome], at: datetime) -> None:
    if act.kind == "tag":
        members.untag_many(
            caller=actor,
            member_ids=[row.member_id for row in rows],
            tag=act.word,
            at=at,
            put_on_at=act.at,
        )
        return
    were = [members.TagThatWas(row.member_id, row.source, row.added_at or act.at) for row in rows]
    members.retag_many(caller=actor, tag=act.word, were=were, at=at)


def _end(act: BulkAct, state: str, at: datetime) -> None:
    act.state, act.ended_at = state, at
    act.save()
    counting.forget()


def _own(actor: Caller, act_id: int, *, lock: bool = False) -> BulkAct:
    rows = BulkAct.objects.select_for_update() if lock else BulkAct.objects.all()
    act = rows.filter(pk=act_id, staff_id=actor.id).first()
    if act is None:
        raise UnknownBulkAct
    return act


def _may_undo(act: BulkAct, at: datetime) -> bool:
    ended = act.state in (BulkAct.DONE, BulkAct.STOPPED, BulkAct.FAILED)
    in_time = act.undo_at is not None or at - act.at < UNDO_WITHIN
    return ended and act.kind in TAGGING and act.changed > act.undone and in_time


def _actor_of(act: BulkAct) -> Caller:
    """Whoever asked, with what they were allowed when they asked."""
    return Caller(
        kind="staff",
        id=act.staff_id,
        label=act.actor,
        scopes=frozenset({Scope.MEMBERS_READ, Scope.MEMBERS_WRITE}),
        stores=None if act.stores is None else frozenset(act.stores),
    )
