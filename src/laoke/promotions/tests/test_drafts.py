"""Writing offers: texts and their history, review, four eyes."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.db import transaction

from laoke.foundation import generations
from laoke.foundation.access import ROLE_SCOPES, SYSTEM, Caller, MissingScope, Role
from laoke.foundation.audit.models import AuditEntry
from laoke.members.errors import ReasonMissing
from laoke.promotions import drafts, life, policy, publication, selectors
from laoke.promotions.documents.offers import Fault
from laoke.promotions.errors import (
    DraftChanged,
    DraftExists,
    DraftOutdated,
    FourEyes,
    UnknownDraft,
    WrongDraftStep,
)
from laoke.promotions.models import OfferDraft, OfferVersion
from laoke.promotions.states import OfferState

AT = datetime(2026, 3, 10, 4, 0, tzinfo=UTC)
TENTH: dict[str, Any] = {
    "name": {"zh": "九折", "en": "A tenth off"},
    "goal": "repeat",
    "stage": "basket",
    "gives": [{"percent": {"percent": 10}}],
}
LI, WANG = (
    Caller("staff", number, name, frozenset(map(str, ROLE_SCOPES[Role.OPERATIONS])))
    for number, name in ((1, "li"), (2, "wang"))
)
ANALYST = Caller("staff", 3, "zhao", frozenset(map(str, ROLE_SCOPES[Role.ANALYST])))

pytestmark = pytest.mark.django_db


def publish(**offers: dict[str, Any]) -> int:
    with transaction.atomic():
        return publication.publish(SYSTEM, publication.parse(offers), at=AT)


def save(key: str, document: dict[str, Any], by: Caller = LI) -> selectors.Draft:
    found = selectors.draft(key)
    assert found is not None
    return drafts.save(by, key, document, revision=found.revision, at=AT)


def text(key: str = "tenth") -> Any:
    found = selectors.draft(key)
    return None if found is None else found.document


class TestTexts:
    def test_an_unfinished_text_is_kept_as_it_was_written(self):
        drafts.begin(LI, "tenth", at=AT)
        assert text() == {}
        unfinished = {"name": {"zh": "九"}, "gives": [{"percent": {"percent": ""}}], "odd": [1, None]}
        found = save("tenth", unfinished)
        assert (found.document, found.state, found.revision) == (unfinished, "draft", 2)
        row = selectors.offer("tenth", AT)
        assert (row.state, row.name_zh, row.name_en, row.stage) == (OfferState.DRAFT, "九", "", "")

    def test_a_published_offer_is_begun_with_its_text_and_stays_in_force(self):
        version = publish(tenth=TENTH)
        found = drafts.begin(LI, "tenth", at=AT)
        assert (found.document, found.base_version) == (
            TENTH | {"gives": [{"percent": {"percent": "10"}}]},
            1,
        )
        save("tenth", TENTH | {"priority": 9})
        assert generations.current(generations.PROGRAMME) == version
        row = selectors.offer("tenth", AT)
        assert (row.state, row.draft) == (OfferState.LIVE, "draft")

    def test_an_ended_offer_is_begun_with_its_last_text(self):
        publish(tenth=TENTH)
        life.end(SYSTEM, "tenth", at=AT)
        assert drafts.begin(LI, "tenth", at=AT).document["name"] == TENTH["name"]

    def test_there_is_one_draft_of_an_offer(self):
        drafts.begin(LI, "tenth", TENTH, at=AT)
        assert drafts.begin(WANG, "tenth", at=AT).begun_by == "li"
        with pytest.raises(DraftExists, match="li"):
            drafts.begin(WANG, "tenth", TENTH, at=AT)

    def test_who_saw_an_older_text_overwrites_nothing(self):
        drafts.begin(LI, "tenth", TENTH, at=AT)
        drafts.save(LI, "tenth", TENTH | {"priority": 1}, revision=1, at=AT)
        with pytest.raises(DraftChanged) as refused:
            drafts.save(WANG, "tenth", TENTH | {"priority": 2}, revision=1, at=AT)
        assert refused.value.extensions["revision"] == 2
        assert text() == TENTH | {"priority": 1}
        # The same text again, as a lost answer makes a page send it: there is nothing to lose.
        assert drafts.save(LI, "tenth", TENTH | {"priority": 1}, revision=1, at=AT).revision == 2

    def test_undo_and_redo_walk_along_the_texts(self):
        drafts.begin(LI, "tenth", {"priority": 0}, at=AT)
        for number in (1, 2):
            save("tenth", {"priority": number})
        walked = []
        for step in (drafts.undo, drafts.undo, drafts.undo, drafts.redo, drafts.redo, drafts.redo):
            found = step(LI, "tenth", at=AT)
            walked.append((found.document["priority"], found.can_undo, found.can_redo))
        assert walked == [
            (1, True, True),
            (0, False, True),
            (0, False, True),
            (1, True, True),
            (2, True, False),
            (2, True, False),
        ]

    def test_after_undoing_a_new_text_is_what_redo_leads_to(self):
        drafts.begin(LI, "tenth", {"priority": 0}, at=AT)
        save("tenth", {"priority": 1})
        drafts.undo(LI, "tenth", at=AT)
        save("tenth", {"priority": 2}, WANG)
        drafts.undo(LI, "tenth", at=AT)
        assert drafts.redo(LI, "tenth", at=AT).document == {"priority": 2}
        told = [
            (each.made_by, each.document["priority"], each.holds) for each in selectors.draft_texts("tenth")
        ]
        assert told == [("wang", 2, True), ("li", 1, False), ("li", 0, False)]

    def test_an_undo_makes_older_sights_stale(self):
        drafts.begin(LI, "tenth", {"priority": 0}, at=AT)
        seen = save("tenth", {"priority": 1}).revision
        drafts.undo(LI, "tenth", at=AT)
        with pytest.raises(DraftChanged):
            drafts.save(WANG, "tenth", {"priority": 5}, revision=seen, at=AT)

    @pytest.mark.parametrize(
        "document",
        [{"a": float("nan")}, {"a": object()}, {"a": "\0"}, {"a": "\ud800"}, {"a": "x" * 600_000}, []],
        ids=["nan", "object", "null", "surrogate", "huge", "list"],
    )
    def test_what_no_database_can_keep_is_refused(self, document):
        drafts.begin(LI, "tenth", TENTH, at=AT)
        with pytest.raises(Fault):
            save("tenth", document)
        assert text() == TENTH

    def test_days_come_as_they_are_written(self):
        drafts.begin(LI, "tenth", {"starts": date(2026, 3, 1)}, at=AT)
        assert text() == {"starts": "2026-03-01"}

    @pytest.mark.parametrize("key", ["", "a b", "x" * 65, "ä/ö", "<b>"])
    def test_a_key_names_an_offer(self, key):
        with pytest.raises(Fault, match="a key has"):
            drafts.begin(LI, key, at=AT)

    def test_who_may_only_read_writes_nothing(self):
        drafts.begin(LI, "tenth", TENTH, at=AT)
        for step in (
            lambda: drafts.begin(ANALYST, "new", at=AT),
            lambda: drafts.save(ANALYST, "tenth", {}, revision=1, at=AT),
            lambda: drafts.submit(ANALYST, "tenth", at=AT),
            lambda: drafts.discard(ANALYST, "tenth", at=AT),
        ):
            with pytest.raises(MissingScope):
                step()
        assert text() == TENTH

    def test_a_discarded_draft_is_gone_from_sight_and_kept(self):
        drafts.begin(LI, "tenth", TENTH, at=AT)
        drafts.discard(LI, "tenth", at=AT)
        assert selectors.draft("tenth") is None
        assert selectors.offers(AT) == ()
        with pytest.raises(UnknownDraft):
            drafts.save(LI, "tenth", {}, revision=2, at=AT)
        assert OfferDraft.objects.get().texts.get().document == TENTH
        assert drafts.begin(LI, "tenth", at=AT).document == {}


class TestReview:
    def test_an_approved_draft_is_in_force_and_the_others_stay(self):
        publish(other=TENTH)
        drafts.begin(LI, "tenth", TENTH, at=AT)
        assert drafts.submit(LI, "tenth", at=AT).state == "review"
        assert selectors.offer("tenth", AT).state is OfferState.REVIEW
        version = drafts.approve(LI, "tenth", at=AT)
        assert set(publication.at_version(version).documents) == {"other", "tenth"}
        assert selectors.draft("tenth") is None
        assert (version, selectors.offer("tenth", AT).state) == (2, OfferState.LIVE)
        trail = AuditEntry.objects.filter(object_id="tenth").order_by("id").values_list("action", "actor")
        assert list(trail) == [
            ("offer.draft_begun", "li"),
            ("offer.submitted", "li"),
            ("offer.published", "li"),
        ]

    def test_what_cannot_be_published_is_not_handed_in_and_says_where(self):
        drafts.begin(LI, "tenth", {**TENTH, "gives": [{"percent": {"percent": 101}}]}, at=AT)
        with pytest.raises(Fault) as refused:
            drafts.submit(LI, "tenth", at=AT)
        ((place, says),) = refused.value.faults
        assert (place, says) == (("gives", 0, "percent", "percent"), "takes percent above 0 and up to 100")
        assert drafts.faults("tenth", text()) == [(place, says)]
        assert drafts.faults("tenth", TENTH) == []

    def test_under_review_nothing_changes_until_it_is_taken_back(self):
        drafts.begin(LI, "tenth", TENTH, at=AT)
        drafts.submit(LI, "tenth", at=AT)
        for step in (drafts.undo, drafts.redo, drafts.rebase):
            with pytest.raises(WrongDraftStep):
                step(LI, "tenth", at=AT)
        with pytest.raises(WrongDraftStep):
            save("tenth", {})
        assert drafts.withdraw(LI, "tenth", at=AT).state == "draft"
        assert save("tenth", {}).document == {}
        with pytest.raises(WrongDraftStep):
            drafts.approve(WANG, "tenth", at=AT)

    def test_a_rejected_draft_says_why_and_is_a_draft_again_when_it_is_written_on(self):
        drafts.begin(LI, "tenth", TENTH, at=AT)
        with pytest.raises(WrongDraftStep):
            drafts.reject(WANG, "tenth", "too much", at=AT)
        drafts.submit(LI, "tenth", at=AT)
        with pytest.raises(ReasonMissing):
            drafts.reject(WANG, "tenth", " ", at=AT)
        found = drafts.reject(WANG, "tenth", "让利太多", at=AT)
        assert (found.state, found.note, found.decided_by) == ("rejected", "让利太多", "wang")
        assert save("tenth", TENTH | {"priority": 1}).state == "draft"
        drafts.submit(LI, "tenth", at=AT)
        assert drafts.approve(WANG, "tenth", at=AT) == 1

    def test_what_was_seen_is_what_is_approved(self):
        drafts.begin(LI, "tenth", TENTH, at=AT)
        seen = drafts.submit(LI, "tenth", at=AT).revision
        drafts.withdraw(LI, "tenth", at=AT)
        save("tenth", TENTH | {"priority": 9})
        drafts.submit(LI, "tenth", at=AT)
        with pytest.raises(DraftChanged):
            drafts.approve(WANG, "tenth", at=AT, revision=seen)

    @pytest.mark.parametrize(
        ("limits", "may"),
        [({}, False), ({"budget": "1000.01"}, False), ({"budget": 1000}, True)],
        ids=["no budget", "above", "within"],
    )
    def test_four_eyes_above_the_limit_of_the_programme(self, limits, may):
        with transaction.atomic():
            policy.publish(SYSTEM, policy.parse({"four_eyes_above": 1000}), at=AT)
        drafts.begin(LI, "tenth", {}, at=AT)
        save("tenth", TENTH | {"limits": limits})
        drafts.submit(WANG, "tenth", at=AT)
        if not may:
            with pytest.raises(FourEyes):
                drafts.approve(LI, "tenth", at=AT)
            assert OfferVersion.objects.count() == 0
            # Who handed it in without writing on it may.
            drafts.approve(WANG, "tenth", at=AT)
        else:
            drafts.approve(LI, "tenth", at=AT)
        assert OfferVersion.objects.get().published_by == ("li" if may else "wang")

    def test_who_wrote_before_the_last_publication_may_approve(self):
        with transaction.atomic():
            policy.publish(SYSTEM, policy.parse({"four_eyes_above": 0}), at=AT)
        drafts.begin(LI, "tenth", TENTH, at=AT)
        drafts.submit(LI, "tenth", at=AT)
        drafts.approve(WANG, "tenth", at=AT)
        # Who begins with the text in force has not written it.
        drafts.begin(LI, "tenth", at=AT)
        save("tenth", TENTH | {"priority": 1}, WANG)
        drafts.submit(WANG, "tenth", at=AT)
        with pytest.raises(FourEyes):
            drafts.approve(WANG, "tenth", at=AT)
        drafts.approve(LI, "tenth", at=AT)

    def test_a_publication_by_another_way_is_not_overwritten_unseen(self):
        publish(tenth=TENTH)
        drafts.begin(LI, "tenth", at=AT)
        save("tenth", TENTH | {"priority": 1})
        drafts.submit(LI, "tenth", at=AT)
        publish(tenth=TENTH | {"priority": 7})
        with pytest.raises(DraftOutdated):
            drafts.approve(WANG, "tenth", at=AT)
        drafts.withdraw(LI, "tenth", at=AT)
        assert drafts.rebase(LI, "tenth", at=AT).base_version == 2
        drafts.submit(LI, "tenth", at=AT)
        drafts.approve(WANG, "tenth", at=AT)
        assert [row.document["priority"] for row in selectors.versions("tenth")[:2]] == [1, 7]

    def test_a_new_offer_whose_key_was_published_meanwhile_is_not_overwritten(self):
        drafts.begin(LI, "tenth", TENTH, at=AT)
        drafts.submit(LI, "tenth", at=AT)
        publish(tenth=TENTH | {"priority": 7})
        with pytest.raises(DraftOutdated):
            drafts.approve(WANG, "tenth", at=AT)

    def test_approval_does_not_set_a_stopped_offer_running(self):
        publish(tenth=TENTH)
        drafts.begin(LI, "tenth", at=AT)
        life.stop(SYSTEM, "tenth", "a wrong price", at=AT)
        save("tenth", TENTH | {"priority": 1, "paused": False})
        drafts.submit(LI, "tenth", at=AT)
        drafts.approve(WANG, "tenth", at=AT)
        row = selectors.versions("tenth")[0]
        assert (row.stopped, row.document) == (
            True,
            TENTH | {"gives": [{"percent": {"percent": "10"}}], "priority": 1, "paused": True},
        )
        life.resume(SYSTEM, "tenth", at=AT)
        assert selectors.offer("tenth", AT).state is OfferState.LIVE
