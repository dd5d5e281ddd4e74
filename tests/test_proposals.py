"""Four eyes on the ladder: what was previewed is proposed by one, let pass by another, and applied by a worker."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from laoke.checkout import programme
from laoke.checkout.proposing import services as proposing
from laoke.checkout.proposing.errors import (
    NothingProposed,
    OwnProposal,
    ProposalChanged,
    ProposalDecided,
    ProposalWaiting,
    UnknownProposal,
)
from laoke.checkout.proposing.models import Proposal
from laoke.foundation.access import SYSTEM, Caller, MissingScope
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
