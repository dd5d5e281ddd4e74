"""Several people at one draft at the same moment: one is first, and nobody's text is lost unseen."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection

from laoke.foundation import generations
from laoke.foundation.access import ROLE_SCOPES, Caller, Role
from laoke.kernel.errors import LaokeError
from laoke.promotions import drafts, life, publication, selectors
from laoke.promotions.models import OfferDraft, OfferVersion

AT = datetime(2026, 3, 10, 4, 0, tzinfo=UTC)
TENTH: dict[str, Any] = {
    "name": {"zh": "九折", "en": "A tenth off"},
    "goal": "repeat",
    "stage": "basket",
    "gives": [{"percent": {"percent": 10}}],
}
PEOPLE = [
    Caller("staff", number, f"p{number}", frozenset(map(str, ROLE_SCOPES[Role.OPERATIONS])))
    for number in range(1, 9)
]

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _nothing_remembered():
    publication.stopped.cache_clear()
    yield
    publication.stopped.cache_clear()


def at_once(act: Callable[[Caller], Any]) -> Counter[str]:
    """Let everybody act at the same moment; what came of it, refusals by their code."""
    ready = threading.Barrier(len(PEOPLE))
    found: list[str] = []

    def run(person: Caller) -> None:
        try:
            ready.wait(timeout=20)
            act(person)
            found.append("done")
        except LaokeError as error:
            found.append(error.code)
        except Exception as error:
            found.append(repr(error))
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(person,)) for person in PEOPLE]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return Counter(found)


def test_one_draft_is_begun():
    assert at_once(lambda person: drafts.begin(person, "tenth", at=AT)) == {"done": 8}
    assert OfferDraft.objects.count() == 1
    drafts.discard(PEOPLE[0], "tenth", at=AT)
    assert at_once(lambda person: drafts.begin(person, "tenth", TENTH, at=AT)) == {
        "done": 1,
        "draft-exists": 7,
    }


def test_one_text_is_saved_and_the_others_are_told():
    drafts.begin(PEOPLE[0], "tenth", TENTH, at=AT)

    def save(person: Caller) -> None:
        drafts.save(person, "tenth", TENTH | {"priority": person.id}, revision=1, at=AT)

    assert at_once(save) == {"done": 1, "draft-changed": 7}
    texts = selectors.draft_texts("tenth")
    assert [text.document.get("priority", 0) > 0 for text in texts] == [True, False]
    assert texts[0].made_by == f"p{texts[0].document['priority']}"


def test_one_approval_publishes():
    drafts.begin(PEOPLE[0], "tenth", TENTH, at=AT)
    drafts.submit(PEOPLE[0], "tenth", at=AT)
    assert at_once(lambda person: drafts.approve(person, "tenth", at=AT)) == {"done": 1, "unknown-draft": 7}
    assert OfferVersion.objects.count() == 1


def test_a_decision_is_one_decision():
    drafts.begin(PEOPLE[0], "tenth", TENTH, at=AT)
    drafts.submit(PEOPLE[0], "tenth", at=AT)

    def decide(person: Caller) -> None:
        if person.id % 2:
            drafts.approve(person, "tenth", at=AT)
        else:
            drafts.reject(person, "tenth", "too much", at=AT)

    found = at_once(decide)
    assert found["done"] == 1
    assert set(found) <= {"done", "unknown-draft", "draft-step"}
    assert OfferVersion.objects.count() == (1 if OfferDraft.objects.get().state == "published" else 0)


def test_steps_of_a_life_are_taken_once():
    drafts.begin(PEOPLE[0], "tenth", TENTH, at=AT)
    drafts.submit(PEOPLE[0], "tenth", at=AT)
    drafts.approve(PEOPLE[0], "tenth", at=AT)
    assert at_once(lambda person: life.stop(person, "tenth", "a wrong price", at=AT)) == {"done": 8}
    assert generations.current(generations.PROGRAMME) == 2
    assert at_once(lambda person: life.resume(person, "tenth", at=AT)) == {"done": 8}
    assert at_once(lambda person: life.end(person, "tenth", at=AT)) == {"done": 8}
    assert [row.version for row in selectors.versions("tenth")] == [4, 3, 2, 1]
