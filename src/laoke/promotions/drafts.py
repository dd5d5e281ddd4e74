"""Writing an offer before it is published: drafts, their texts, and who lets them go out.

There is one open draft of an offer. Each text that is saved is kept with who wrote it and over which text; undoing goes
back to that one, redoing to the newest text that was written over the present one.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from laoke.foundation import generations
from laoke.foundation.access import Caller, Scope
from laoke.foundation.audit.services import record
from laoke.members.errors import ReasonMissing
from laoke.promotions import policy, publication
from laoke.promotions.documents.offers import Fault, OfferDocument, Place
from laoke.promotions.errors import (
    DraftChanged,
    DraftExists,
    DraftOutdated,
    FourEyes,
    UnknownDraft,
    WrongDraftStep,
)
from laoke.promotions.models import OPEN_STATES, DraftState, OfferDraft, OfferDraftRevision, OfferVersion
from laoke.promotions.selectors import Draft, draft_of
from laoke.promotions.selectors import draft as found
from laoke.promotions.soundness import here

LONGEST_NOTE = 300
# A document of this many characters holds thousands of articles; more is a mistake.
LARGEST = 500_000


def begin(caller: Caller, key: str, document: Mapping[str, Any] | None = None, *, at: datetime) -> Draft:
    """Begin to write an offer, or to change a published one.

    Args:
        document: the first text, which may be unfinished; None: the offer as it was published last, and an empty
            text for a key that is new. Without it an open draft is gone on with.
    Raises:
        MissingScope, DraftExists, Fault: the key cannot be one, or the document cannot be kept.
    """
    caller.require(Scope.PROGRAMME_WRITE)
    publication.check_key(key)
    with transaction.atomic():
        if (there := found(key)) is not None:
            if document is None:
                return there
            raise DraftExists(key, there.begun_by)
        former = publication.newest_of(key)
        text, who = ({}, "") if document is None else (_plain(document), _who(caller))
        if document is None and former is not None:
            text = publication.with_pause(former.document or publication.last_text(key), paused=False)
        try:
            with transaction.atomic():
                row = OfferDraft.objects.create(
                    key=key,
                    base_version=None if former is None else former.programme_version,
                    begun_at=at,
                    begun_by=caller.label,
                    changed_at=at,
                    changed_by=caller.label,
                )
        except IntegrityError:
            # Somebody else was quicker.
            if document is None and (there := found(key)) is not None:
                return there
            raise DraftExists(key, "") from None
        _write(row, text, None, caller.label, who, at)
        record(caller, "offer.draft_begun", "offer", key, at=at)
        return draft_of(row)


def save(caller: Caller, key: str, document: Mapping[str, Any], *, revision: int, at: datetime) -> Draft:
    """Keep a text, which may be unfinished. The text that holds already is kept once.

    Args:
        revision: of the draft that the caller saw.
    Raises:
        MissingScope, UnknownDraft, WrongDraftStep: it is under review.
        DraftChanged: somebody changed it since; nothing is overwritten.
        Fault: the document cannot be kept.
    """
    text = _plain(document)
    with transaction.atomic():
        row = _open(caller, key)
        _not_in_review(row)
        if _text(row).document == text:
            return draft_of(row)
        _unchanged(row, revision)
        before = row.content
        _moved(row, caller, at, content=row.revision + 1)
        _write(row, text, before, caller.label, _who(caller), at)
        return draft_of(row)


def undo(caller: Caller, key: str, *, at: datetime, revision: int | None = None) -> Draft:
    """Go back to the text before; where there is none nothing changes.

    Raises:
        MissingScope, UnknownDraft, WrongDraftStep, DraftChanged
    """
    with transaction.atomic():
        row = _open(caller, key)
        _not_in_review(row)
        _unchanged(row, revision)
        before = _text(row).before
        if before is not None:
            _moved(row, caller, at, content=before)
        return draft_of(row)


def redo(caller: Caller, key: str, *, at: datetime, revision: int | None = None) -> Draft:
    """Go forward to the newest text that was written over this one; where there is none nothing changes.

    Raises:
        MissingScope, UnknownDraft, WrongDraftStep, DraftChanged
    """
    with transaction.atomic():
        row = _open(caller, key)
        _not_in_review(row)
        _unchanged(row, revision)
        later = row.texts.filter(before=row.content).order_by("-revision").first()
        if later is not None:
            _moved(row, caller, at, content=later.revision)
        return draft_of(row)


def rebase(caller: Caller, key: str, *, at: datetime) -> Draft:
    """Take the newest publication of the offer as the base of its draft: what differs from it was seen.

    Raises:
        MissingScope, UnknownDraft, WrongDraftStep
    """
    with transaction.atomic():
        row = _open(caller, key)
        _not_in_review(row)
        former = publication.newest_of(key)
        row.base_version = None if former is None else former.programme_version
        _moved(row, caller, at)
        return draft_of(row)


def discard(caller: Caller, key: str, *, at: datetime) -> None:
    """Give a draft up; its texts are kept as history.

    Raises:
        MissingScope, UnknownDraft
    """
    with transaction.atomic():
        row = _open(caller, key)
        row.state = DraftState.DISCARDED
        row.decided_at, row.decided_by = at, caller.label
        _moved(row, caller, at)
        record(caller, "offer.draft_discarded", "offer", key, at=at)


def submit(caller: Caller, key: str, *, at: datetime, revision: int | None = None) -> Draft:
    """Hand a draft in for review.

    Raises:
        MissingScope, UnknownDraft, DraftChanged
        Fault: it cannot be published as it stands.
    """
    with transaction.atomic():
        row = _open(caller, key)
        if row.state == DraftState.REVIEW:
            return draft_of(row)
        _unchanged(row, revision)
        _sound(key, _read(key, _text(row).document), generations.current(generations.PROGRAMME), at)
        row.state = DraftState.REVIEW
        row.submitted_at, row.submitted_by = at, caller.label
        row.decided_at, row.decided_by, row.note = None, "", ""
        _moved(row, caller, at)
        record(caller, "offer.submitted", "offer", key, at=at, after={"revision": row.content})
        return draft_of(row)


def withdraw(caller: Caller, key: str, *, at: datetime) -> Draft:
    """Take a draft back from review, to go on writing.

    Raises:
        MissingScope, UnknownDraft
    """
    with transaction.atomic():
        row = _open(caller, key)
        if row.state == DraftState.REVIEW:
            row.state = DraftState.DRAFT
            _moved(row, caller, at)
            record(caller, "offer.withdrawn", "offer", key, at=at)
        return draft_of(row)


def reject(caller: Caller, key: str, note: str, *, at: datetime) -> Draft:
    """Send a draft back from review.

    Args:
        note: why, in 2 to 300 characters.
    Raises:
        MissingScope, ReasonMissing, UnknownDraft, WrongDraftStep: it is not under review.
    """
    note = note.strip()
    if not 2 <= len(note) <= LONGEST_NOTE:
        raise ReasonMissing
    with transaction.atomic():
        row = _open(caller, key)
        _in_review(row)
        row.state = DraftState.REJECTED
        row.decided_at, row.decided_by, row.note = at, caller.label, note
        _moved(row, caller, at)
        record(caller, "offer.rejected", "offer", key, at=at, reason=note)
        return draft_of(row)


def approve(caller: Caller, key: str, *, at: datetime, revision: int | None = None) -> int:
    """Publish a draft that is under review; the other offers stay as they are. Returns the programme version.

    An offer that is paused or stopped stays so: resuming it is a step of its own.

    Raises:
        MissingScope, UnknownDraft, DraftChanged, WrongDraftStep: it is not under review.
        FourEyes: it may cost more than the programme lets one person decide, and the caller wrote on it.
        DraftOutdated: the offer was published or ended otherwise since the draft was begun.
        Fault: it can no longer be published as it stands.
    """
    while True:
        with transaction.atomic():
            row = _open(caller, key)
            _in_review(row)
            _unchanged(row, revision)
            seen = generations.current(generations.PROGRAMME)
            former = publication.newest_of(key)
            _not_outdated(row, former)
            text = _text(row).document
            still = former is not None and former.document is not None and bool(former.document.get("paused"))
            document = _read(key, publication.with_pause(text, paused=still))
            if four_eyes(document, seen) and _who(caller) in _writers(row):
                raise FourEyes(key)
            _sound(key, document, seen, at)
            # Held only now: among thousands of offers the look takes seconds, and an emergency stop does not wait.
            if generations.hold(generations.PROGRAMME) != seen:
                continue
            version = publication.publish_one(caller, key, document, at=at)
            row.state = DraftState.PUBLISHED
            row.decided_at, row.decided_by, row.published_version = at, caller.label, version
            _moved(row, caller, at)
            old = former.document if former else None
            record(
                caller,
                "offer.published",
                "offer",
                key,
                at=at,
                before=None if old is None else {"name": old["name"]["zh"]},
                after={"name": document.name.zh, "revision": row.content},
            )
            return version


def four_eyes(document: OfferDocument, programme_version: int) -> bool:
    """Whether an offer is approved by somebody who did not write it."""
    above = policy.at_version(programme_version).four_eyes_above_minor
    budget = document.limits.budget
    return above is not None and (budget is None or budget > above)


def faults(key: str, document: Mapping[str, Any], *, at: datetime | None = None) -> list[tuple[Place, str]]:
    """What keeps a text from being published, each with its place in the document.

    Args:
        at: then the offer is held against the others in force too; None: only its own text is read.
    """
    try:
        read = _read(key, document)
        if at is not None:
            _sound(key, read, generations.current(generations.PROGRAMME), at)
    except Fault as error:
        return error.faults
    return []


def _sound(key: str, document: OfferDocument, programme_version: int, at: datetime) -> None:
    """Refuse an offer that can never apply, has no bound, or with others in force takes everything."""
    found = here.look_at(key, document, programme_version, at=at).faults
    if found:
        raise Fault([(place[2:], says) for place, says in found])


def _read(key: str, document: Mapping[str, Any]) -> OfferDocument:
    try:
        return publication.parse({key: document})[key]
    except Fault as error:
        raise Fault([(place[2:], says) for place, says in error.faults]) from None


def _open(caller: Caller, key: str) -> OfferDraft:
    """The open draft, locked."""
    caller.require(Scope.PROGRAMME_WRITE)
    row = OfferDraft.objects.select_for_update().filter(key=key, state__in=OPEN_STATES).first()
    if row is None:
        raise UnknownDraft(key)
    return row


def _text(row: OfferDraft) -> OfferDraftRevision:
    return row.texts.get(revision=row.content)


def _write(
    row: OfferDraft, document: Mapping[str, Any], before: int | None, label: str, who: str, at: datetime
) -> None:
    OfferDraftRevision.objects.create(
        draft=row,
        revision=row.content,
        before=before,
        document=document,
        made_at=at,
        made_by=label,
        who=who,
    )


def _moved(row: OfferDraft, caller: Caller, at: datetime, *, content: int | None = None) -> None:
    """The draft is another one than the last reader saw; a rejected one that is written on is a draft again."""
    row.revision += 1
    if content is not None:
        row.content = content
        row.state = DraftState.DRAFT
    row.changed_at, row.changed_by = at, caller.label
    row.save()


def _unchanged(row: OfferDraft, revision: int | None) -> None:
    if revision is not None and revision != row.revision:
        raise DraftChanged(row.key, row.revision, row.changed_by)


def _in_review(row: OfferDraft) -> None:
    if row.state != DraftState.REVIEW:
        raise WrongDraftStep(row.key, row.state, _("This draft is not under review; hand it in first."))


def _not_in_review(row: OfferDraft) -> None:
    if row.state == DraftState.REVIEW:
        raise WrongDraftStep(row.key, row.state, _("This draft is under review; take it back to change it."))


def _not_outdated(row: OfferDraft, former: publication.Publication | None) -> None:
    if former is None or former.programme_version == row.base_version:
        return
    base = None
    if row.base_version is not None:
        base = OfferVersion.objects.get(key=row.key, programme_version=row.base_version)
    if base is None or _running(base.document) != _running(former.document):
        raise DraftOutdated(row.key, former.programme_version)


def _running(document: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    """Pausing and resuming change no text."""
    return None if document is None else publication.with_pause(document, paused=False)


def _writers(row: OfferDraft) -> set[str]:
    return set(row.texts.exclude(who="").values_list("who", flat=True))


def _who(caller: Caller) -> str:
    return f"{caller.kind}:{caller.id}"


def _plain(document: Mapping[str, Any]) -> dict[str, Any]:
    """A document as plain JSON values, as the database can keep them; whether it is paused is no matter of texts.

    Raises:
        Fault
    """
    try:
        text = json.dumps(document, allow_nan=False, ensure_ascii=False, default=_as_text)
        text.encode()
    except (TypeError, ValueError, RecursionError):
        raise Fault([((), "takes plain values: texts, numbers, lists and named fields")]) from None
    if len(text) > LARGEST:
        raise Fault([((), f"has {len(text)} characters; an offer has at most {LARGEST}")])
    plain = json.loads(text)
    if not isinstance(plain, dict) or "\\u0000" in text:
        raise Fault([((), "takes named fields, without null characters")])
    return publication.with_pause(plain, paused=False)


def _as_text(value: object) -> str:
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(value)
    raise TypeError
