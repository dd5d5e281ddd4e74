"""Webhooks: endpoints, secrets shown once, the log and one delivery."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.utils import translation

from laoke.foundation import vault
from laoke.foundation.access import ROLE_SCOPES, SYSTEM, Role, Scope
from laoke.foundation.idempotency.models import CommandRecord
from laoke.foundation.models import (
    AuditEntry,
    OutboxMessage,
    WebhookAttempt,
    WebhookDelivery,
    WebhookEndpoint,
)
from laoke.foundation.outbox import topics
from laoke.foundation.webhooks import services
from laoke.surfaces.console.topics import TOPICS, error_words, reason_words
from tests.shop import OPENING

from .test_stores import words

URL = "https://crm.example.com/hooks/loyalty"
FORM = {
    "name": "CRM",
    "url": URL,
    "which": "some",
    "topics": ["order.committed", "tier.changed"],
    "once": "w1",
}
ROOT = "/settings/webhooks"


def secret_of(response) -> str | None:
    found = re.search(r'id="secret" value="(whsec_[^"]+)"', response.content.decode())
    return found[1] if found else None


@pytest.fixture
def endpoint(shop):
    return services.create_endpoint(SYSTEM, "CRM", URL, ["order.committed"], at=OPENING)[0]


@pytest.fixture
def log(endpoint):
    """Sixty deliveries: the newest given up, one waiting, the others arrived."""
    rows = WebhookDelivery.objects.bulk_create(
        WebhookDelivery(
            endpoint_id=endpoint.id,
            message_id=1000 + n,
            topic="order.committed",
            body=f'{{"type":"order.committed","data":{{"order_id":{n}}}}}',
            created_at=OPENING - timedelta(minutes=60 - n),
            attempts=1,
            next_at=OPENING + timedelta(minutes=5) if n == 58 else None,
            delivered_at=OPENING if n < 58 else None,
            last_status=200 if n < 58 else 500,
            last_error="" if n < 58 else "answered 500",
        )
        for n in range(60)
    )
    WebhookAttempt.objects.create(
        delivery=rows[-1],
        at=OPENING,
        milliseconds=231,
        status=500,
        error="answered 500",
        answer_headers=[["server", "nginx"]],
        answer="<b>no such order</b> 🙂",
    )
    return rows


class TestEndpoints:
    def test_a_new_one_shows_its_secret_once(self, shop, hire):
        browser = hire("operations")
        made = browser.post(f"{ROOT}/new", FORM)
        secret = secret_of(made)
        row = WebhookEndpoint.objects.get()
        assert vault.unseal(bytes(row.secret), services.SECRET_PURPOSE) == secret
        assert (row.name, row.url, row.topics) == ("CRM", URL, ["order.committed", "tier.changed"])
        again = browser.post(f"{ROOT}/new", FORM)
        assert secret_of(again) is None
        assert "the secret was shown then" in words(again)
        assert WebhookEndpoint.objects.count() == 1
        assert secret not in "".join(CommandRecord.objects.values_list("answer", flat=True))

    @pytest.mark.parametrize(
        ("change", "said"),
        [
            ({"url": "ftp://x"}, "starts with https:// or http://"),
            ({"url": "http://127.0.0.1/hook"}, "127.0.0.1 is not a public address"),
            ({"url": "https://a b"}, "no spaces"),
            ({"url": "https://x.example/" + "a" * 10_000}, "at most 500 characters"),
            ({"name": "长" * 10_000}, "at most 100 characters"),
            ({"topics": []}, "Choose at least one event"),
            ({"topics": ["no.such"]}, "Select a valid choice."),
        ],
    )
    def test_what_is_wrong_stands_at_its_field(self, shop, hire, change, said):
        answer = hire().post(f"{ROOT}/new", FORM | change)
        assert answer.status_code == 422
        assert said in words(answer)
        assert not WebhookEndpoint.objects.exists()

    def test_every_event_is_no_topic(self, shop, hire):
        hire().post(f"{ROOT}/new", FORM | {"which": "all"})
        assert WebhookEndpoint.objects.get().topics == []

    def test_edited_and_held_back_when_stale(self, endpoint, hire):
        browser = hire()
        path = f"{ROOT}/{endpoint.id}/edit"
        seen = re.search(r'name="seen" value="(\w+)"', browser.get(path).content.decode())[1]
        assert browser.post(path, FORM | {"name": "ERP", "seen": seen, "once": "a"}).status_code == 303
        assert WebhookEndpoint.objects.get().name == "ERP"
        answer = browser.post(path, FORM | {"name": "BI", "seen": seen, "once": "b"})
        assert answer.status_code == 409
        assert "owner-1 saved this at" in words(answer)
        assert WebhookEndpoint.objects.get().name == "ERP"

    def test_switched_off_and_on(self, endpoint, hire):
        browser = hire()
        path = f"{ROOT}/{endpoint.id}"
        assert "never sent to it" in words(browser.get(f"{path}/switch"))
        browser.post(f"{path}/switch")
        assert not WebhookEndpoint.objects.get().active
        page = browser.get(path)
        assert "Switched off by owner-1." in words(page)
        assert "Send a test" not in words(page)
        browser.post(f"{path}/switch", {"active": "on"})
        assert WebhookEndpoint.objects.get().active

    def test_a_new_secret_signs_beside_the_old_one(self, endpoint, hire):
        browser = hire()
        before = bytes(WebhookEndpoint.objects.get().secret)
        made = browser.post(f"{ROOT}/{endpoint.id}/secret", {"once": "r1"})
        assert secret_of(made)
        assert "For 24 hours both secrets sign" in words(made)
        assert secret_of(browser.post(f"{ROOT}/{endpoint.id}/secret", {"once": "r1"})) is None
        row = WebhookEndpoint.objects.get()
        assert bytes(row.previous_secret) == before
        assert AuditEntry.objects.filter(action="webhook.secret-rotated").count() == 1

    def test_a_test_event_is_sent_once_per_form(self, endpoint, hire):
        browser = hire()
        for _ in range(2):
            answer = browser.post(f"{ROOT}/{endpoint.id}/test", {"once": "t1"})
        assert answer.headers["Location"] == f"{ROOT}/{endpoint.id}"
        assert OutboxMessage.objects.filter(topic="webhook.test").count() == 1

    def test_removed_with_its_log(self, log, endpoint, hire):
        browser = hire()
        assert "for good" in words(browser.get(f"{ROOT}/{endpoint.id}/remove"))
        browser.post(f"{ROOT}/{endpoint.id}/remove")
        assert not WebhookEndpoint.objects.exists()
        assert not WebhookDelivery.objects.exists()
        assert browser.get(f"{ROOT}/{endpoint.id}").status_code == 404


class TestTheLog:
    def test_newest_first_with_pages_in_both_directions(self, log, endpoint, hire):
        browser = hire()
        first = browser.get(f"{ROOT}/{endpoint.id}")
        body = first.content.decode()
        assert body.index("msg_1059") < body.index("msg_1058") < body.index("msg_1010")
        assert "98.3%" in words(first)
        after = re.search(r'rel="next" href="([^"]+)"', body)[1].replace("&amp;", "&")
        second = browser.get(f"{ROOT}/{endpoint.id}{after}").content.decode()
        assert second.index("msg_1009") < second.index("msg_1000")
        back = re.search(r'rel="prev" href="([^"]+)"', second)[1].replace("&amp;", "&")
        again = browser.get(f"{ROOT}/{endpoint.id}{back}").content.decode()
        assert again.index("msg_1059") < again.index("msg_1010")
        assert 'rel="prev"' not in again

    @pytest.mark.parametrize(
        ("status", "count"), [("waiting", 1), ("given_up", 1), ("delivered", 50), ("odd", 50)]
    )
    def test_by_state(self, log, endpoint, hire, status, count):
        body = hire().get(f"{ROOT}/{endpoint.id}", {"status": status}).content.decode()
        assert len(re.findall(r"msg_\d+", body)) == count

    def test_bad_marks_are_refused(self, log, endpoint, hire):
        assert hire().get(f"{ROOT}/{endpoint.id}", {"after": "??"}).status_code == 400


class TestOneDelivery:
    def test_body_attempts_and_answer_but_no_secret(self, log, endpoint, hire):
        page = hire().get(f"{ROOT}/{endpoint.id}/deliveries/{log[-1].pk}")
        body = page.content.decode()
        assert "&quot;order_id&quot;: 59" in body
        assert "&lt;b&gt;no such order&lt;/b&gt; 🙂" in body
        assert "231 ms" in body
        assert "answered 500" in body
        assert "whsec" not in body
        assert "made anew for each attempt" in words(page)

    def test_sent_once_more(self, log, endpoint, hire):
        path = f"{ROOT}/{endpoint.id}/deliveries/{log[-1].pk}"
        assert hire().post(f"{path}/redeliver", {"once": "d1"}).headers["Location"] == path
        row = WebhookDelivery.objects.get(pk=log[-1].pk)
        assert (row.next_at, row.attempts) == (OPENING, 0)

    def test_not_to_an_endpoint_that_is_off(self, log, endpoint, hire):
        WebhookEndpoint.objects.update(active=False)
        answer = hire().post(f"{ROOT}/{endpoint.id}/deliveries/{log[-1].pk}/redeliver")
        assert answer.status_code == 409
        assert WebhookDelivery.objects.get(pk=log[-1].pk).next_at is None

    def test_of_another_endpoint(self, log, endpoint, hire):
        other = services.create_endpoint(SYSTEM, "BI", URL, [], at=OPENING)[0]
        assert hire().get(f"{ROOT}/{other.id}/deliveries/{log[-1].pk}").status_code == 404


@pytest.fixture
def _english():
    with translation.override("en"):
        yield


@pytest.mark.usefixtures("_english")
class TestWords:
    def test_every_topic_has_words(self):
        assert set(TOPICS) == {topic.name for topic in topics.known()}

    @pytest.mark.parametrize(
        ("kept", "shown"),
        [
            ("answered 502", "answered 502"),
            ("could not connect", "could not connect"),
            ("a.example is not a public address. To send …", "a.example is not a public address"),
            ("SomethingElse", "SomethingElse"),
        ],
    )
    def test_errors(self, kept, shown):
        assert error_words(kept) == shown

    def test_reasons(self):
        assert reason_words("nothing arrived since 2026-03-01 10:00 UTC; last: answered 500") == (
            "Nothing arrived since 2026-03-01 10:00 UTC; last: answered 500"
        )
        assert reason_words("too noisy") == "too noisy"


class TestWhoMay:
    @pytest.mark.parametrize("role", list(Role))
    def test_roles(self, log, endpoint, hire, role):
        browser = hire(role.value)
        may = Scope.WEBHOOKS in ROLE_SCOPES[role]
        one = f"{ROOT}/{endpoint.id}"
        looks = (ROOT, f"{ROOT}/new", one, f"{one}/edit", f"{one}/switch", f"{one}/secret", f"{one}/remove")
        for path in (*looks, f"{one}/deliveries/{log[0].pk}"):
            assert browser.get(path).status_code == (200 if may else 403), path
        if not may:
            for path in ("edit", "switch", "secret", "test", "remove", f"deliveries/{log[0].pk}/redeliver"):
                assert browser.post(f"{one}/{path}", FORM).status_code == 403
            assert WebhookEndpoint.objects.get().active

    def test_both_languages(self, log, endpoint, hire):
        browser = hire(language="zh-hans")
        assert "添加接收地址" in browser.get(ROOT).content.decode()
        assert "消费入账" in browser.get(f"{ROOT}/{endpoint.id}").content.decode()

    def test_at_most_twelve_statements(self, log, endpoint, hire, statements):
        browser = hire()
        for path in (ROOT, f"{ROOT}/{endpoint.id}", f"{ROOT}/{endpoint.id}/deliveries/{log[-1].pk}"):
            with statements() as sent:
                browser.get(path)
            assert len(sent) <= 12, (path, sent)
