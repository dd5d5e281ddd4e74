"""Four eyes on the ladder: what was previewed is proposed by one, let pass by another, and applied by a worker."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from laoke.checkout import programme
from laoke.checkout.proposing import drafts
from laoke.checkout.proposing import services as proposing
from laoke.checkout.proposing.errors import (
    DraftChanged,
    NoDraft,
    NothingProposed,
    NotTried,
    OwnProposal,
    ProposalChanged,
    ProposalDecided,
    ProposalWaiting,
    UnknownProposal,
)
from laoke.checkout.proposing.models import Proposal
from laoke.foundation.access import SYSTEM, Caller, MissingScope
from laoke.foundation.jobs.stopping import STOPPING, Interrupted
from laoke.kernel.errors import LaokeError
from laoke.tiers import ladder as ladders
from laoke.tiers import preview
from laoke.tiers.models import TierPreview
from tests.shop import LADDER, OPENING, line, tier

LATER = OPENING + timedelta(days=40)
ASKS = Caller("staff", 1, "周敏", frozenset({"programme:write"}))
DECIDES = Caller("staff", 2, "沈洁", frozenset({"programme:write"}))
LOOKS = Caller("staff", 3, "何平", frozenset())
SHORT = LADDER | {"tiers": LADDER["tiers"][:2]}
STEEP = SHORT | {
    "tiers": [
        LADDER["tiers"][0],
        LADDER["tiers"][1] | {"needs": [{"metric": "spend", "months": 3, "at_least": 90_000_000}]},
    ]
}


@pytest.fixture
def member(shop) -> int:
    found = shop.member()
    shop.till(OPENING).sell("S-1", found, line("wine", 8))
    return found


def made(document=SHORT) -> int:
    found = preview.make(SYSTEM, ladders.parse(document), at=LATER)
    assert found is not None
    return found.number


def test_a_second_person_lets_it_pass_and_the_worker_applies_it(member):
    row = proposing.propose(ASKS, made(), "简化等级", at=LATER)
    before = tier(member)
    with pytest.raises(OwnProposal):
        proposing.approve(ASKS, row.pk, at=LATER)
    with pytest.raises(ProposalWaiting):
        proposing.propose(DECIDES, row.preview, "再来一次", at=LATER)
    proposing.approve(DECIDES, row.pk, at=LATER)
    assert programme.current().ladder == ladders.parse(LADDER)
    assert tier(member) == before
    proposing.work(LATER, row.pk)
    proposing.work(LATER, row.pk)
    row.refresh_from_db()
    assert (row.state, row.problem, row.decided_by) == ("done", "", "沈洁")
    assert programme.current().ladder == ladders.parse(SHORT)
    assert (tier(member), preview.of(row.preview).state) == ("silver", "applied")


def test_the_database_holds_that_two_people_decide(member):
    row = proposing.propose(ASKS, made(), "简化等级", at=LATER)
    with pytest.raises(IntegrityError), transaction.atomic():
        Proposal.objects.filter(pk=row.pk).update(state="approved", decided_kind="staff", decided_id=1)


def test_refused_and_taken_back_change_nothing(member):
    number = made()
    row = proposing.propose(ASKS, number, "简化等级", at=LATER)
    with pytest.raises(UnknownProposal):
        proposing.withdraw(DECIDES, row.pk, at=LATER)
    assert proposing.refuse(DECIDES, row.pk, "太早", at=LATER).note == "太早"
    with pytest.raises(ProposalDecided):
        proposing.approve(DECIDES, row.pk, at=LATER)
    again = proposing.propose(ASKS, number, "简化等级", at=LATER)
    assert proposing.withdraw(ASKS, again.pk, at=LATER).state == "withdrawn"
    proposing.work(LATER, again.pk)
    assert programme.current().ladder == ladders.parse(LADDER)


def test_what_is_applied_is_what_was_proposed(member):
    row = proposing.propose(ASKS, made(), "简化等级", at=LATER)
    TierPreview.objects.filter(pk=row.preview).update(found={"tiers": [], "cells": []})
    with pytest.raises(ProposalChanged):
        proposing.approve(DECIDES, row.pk, at=LATER)
    assert Proposal.objects.get(pk=row.pk).state == "waiting"


def test_a_proposal_that_got_old_fails_and_says_why(member):
    row = proposing.propose(ASKS, made(), "简化等级", at=LATER)
    proposing.approve(DECIDES, row.pk, at=LATER)
    programme.apply(SYSTEM, {"ladder": LADDER | {"downgrade": "one_step"}}, at=LATER)
    proposing.work(LATER, row.pk)
    row.refresh_from_db()
    assert (row.state, row.problem) == ("failed", "tier-preview-outdated")


def test_it_takes_the_right_and_a_change(member):
    number = made()
    for refused in (
        lambda: proposing.propose(LOOKS, number, "简化等级", at=LATER),
        lambda: proposing.approve(LOOKS, 1, at=LATER),
    ):
        with pytest.raises(MissingScope):
            refused()
    with pytest.raises(NothingProposed):
        proposing.propose(ASKS, made(LADDER), "没有变化", at=LATER)
    with pytest.raises(LaokeError):
        proposing.propose(ASKS, number, "", at=LATER)
    assert not Proposal.objects.exists()


def drafted(document=SHORT):
    return drafts.save(ASKS, document, revision=None, at=LATER)


class TestDrafts:
    def test_from_the_draft_to_the_ladder_in_force(self, member):
        assert (drafted().revision, drafted().revision) == (1, 1)
        with pytest.raises(NotTried):
            drafts.propose_it(ASKS, "简化等级", preview=1, at=LATER)
        drafts.try_it(DECIDES, at=LATER)
        assert drafts.current().trying
        drafts.work(LATER, 1)
        found = drafts.current()
        assert (found.trying, preview.of(found.preview).made_by) == (False, "沈洁")
        with pytest.raises(DraftChanged):
            drafts.propose_it(ASKS, "简化等级", preview=found.preview + 1, at=LATER)
        row = drafts.propose_it(ASKS, "简化等级", preview=found.preview, at=LATER)
        for refused in (drafted, lambda: drafts.discard(DECIDES, at=LATER)):
            with pytest.raises(ProposalWaiting):
                refused()
        proposing.approve(DECIDES, row.pk, at=LATER)
        proposing.work(LATER, row.pk)
        assert programme.current().ladder == ladders.parse(SHORT)
        assert drafts.current() is None

    def test_a_draft_saved_meanwhile_is_neither_overwritten_nor_taken_for_tried(self, member):
        first = drafted()
        drafts.try_it(ASKS, at=LATER)
        drafts.save(DECIDES, LADDER | {"downgrade": "one_step"}, revision=first.revision, at=LATER)
        with pytest.raises(DraftChanged):
            drafts.save(ASKS, SHORT, revision=first.revision, at=LATER)
        drafts.work(LATER, first.revision)
        found = drafts.current()
        assert (found.revision, found.edited_by, found.preview, found.trying) == (2, "沈洁", None, False)
        assert not TierPreview.objects.exists()

    def test_what_does_not_fit_is_noted_and_cannot_be_proposed(self, member):
        coupon = {"name": {"zh": "停车", "en": "Parking"}, "access": {}, "tiers": {"gold": {}, "black": {}}}
        programme.apply(SYSTEM, {"benefits": {"library": {"parking": coupon}}}, at=LATER)
        drafted()
        drafts.try_it(ASKS, at=LATER)
        drafts.work(LATER, 1)
        found = drafts.current()
        assert [each.partition(":")[0] for each in found.misfit] == [
            f"benefits.library.parking.tiers.{code}" for code in ("gold", "black")
        ]
        with pytest.raises(LaokeError):
            drafts.propose_it(ASKS, "简化等级", preview=found.preview, at=LATER)
        assert not Proposal.objects.exists()

    def test_it_takes_the_right_and_a_change(self, member):
        for refused in (
            lambda: drafts.save(LOOKS, SHORT, revision=None, at=LATER),
            lambda: drafts.discard(LOOKS, at=LATER),
            lambda: drafts.try_it(LOOKS, at=LATER),
        ):
            with pytest.raises(MissingScope):
                refused()
        with pytest.raises(NoDraft):
            drafts.discard(ASKS, at=LATER)
        drafted(LADDER)
        with pytest.raises(NothingProposed):
            drafts.try_it(ASKS, at=LATER)
        drafts.discard(ASKS, at=LATER)
        assert drafts.current() is None

    def test_a_try_that_breaks_off_says_so_and_can_be_made_again(self, member, monkeypatch):
        drafted()
        drafts.try_it(ASKS, at=LATER)
        with monkeypatch.context() as patch:
            patch.setattr(preview, "make", broken)
            with pytest.raises(RuntimeError):
                drafts.work(LATER, 1)
        assert (drafts.current().trying, drafts.current().broke_off) == (False, True)
        drafts.try_it(ASKS, at=LATER)
        drafts.work(LATER, 1)
        assert drafts.current().preview is not None


def broken(*_given, **_named):
    raise RuntimeError("a fault of ours")


class TestFaults:
    def test_a_fault_before_the_ladder_holds_ends_the_proposal(self, member, monkeypatch):
        row = proposing.propose(ASKS, made(), "简化等级", at=LATER)
        proposing.approve(DECIDES, row.pk, at=LATER)
        with monkeypatch.context() as patch:
            patch.setattr(preview, "apply", broken)
            with pytest.raises(RuntimeError):
                proposing.work(LATER, row.pk)
        row.refresh_from_db()
        assert (row.state, row.problem) == ("failed", "internal-error")
        assert programme.current().ladder == ladders.parse(LADDER)
        proposing.work(LATER, row.pk)
        assert preview.of(row.preview).state == "ready"
        proposing.propose(ASKS, row.preview, "再来一次", at=LATER)

    def test_a_fault_afterwards_and_a_stopping_process_leave_it_to_be_gone_on_with(self, member, monkeypatch):
        row = proposing.propose(ASKS, made(STEEP), "银卡收紧", at=LATER)
        proposing.approve(DECIDES, row.pk, at=LATER)
        with monkeypatch.context() as patch:
            patch.setattr(preview, "_apply_batch", broken)
            with pytest.raises(RuntimeError):
                proposing.work(LATER, row.pk)
        row.refresh_from_db()
        assert (row.state, preview.of(row.preview).state) == ("approved", "applying")
        STOPPING.set()
        try:
            with pytest.raises(Interrupted):
                proposing.work(LATER, row.pk)
        finally:
            STOPPING.clear()
        row.refresh_from_db()
        assert row.state == "approved"
        proposing.work(LATER, row.pk)
        row.refresh_from_db()
        assert (row.state, preview.of(row.preview).state) == ("done", "applied")
        assert tier(member) == "basic"
