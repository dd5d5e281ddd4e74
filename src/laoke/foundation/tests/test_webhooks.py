"""Outgoing webhooks, against a real peer on this machine that checks the signature with the public library."""

from __future__ import annotations

import json
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from django.utils import timezone, translation
from standardwebhooks import Webhook

from laoke.foundation import vault
from laoke.foundation.access import SYSTEM, Caller, MissingScope
from laoke.foundation.models import AuditEntry, OutboxMessage, WebhookDelivery, WebhookEndpoint
from laoke.foundation.outbox import dispatch
from laoke.foundation.outbox import services as outbox
from laoke.foundation.webhooks import addresses, delivery, handlers, selectors, services
from laoke.foundation.webhooks.errors import (
    BadWebhookUrl,
    NoSuchWebhookDelivery,
    NoSuchWebhookEndpoint,
    WebhookEndpointInactive,
)
from laoke.foundation.webhooks.selectors import DeliveryStatus

T0 = timezone.now().replace(microsecond=0)


@pytest.fixture(autouse=True)
def _now(monkeypatch):
    """The library refuses signatures older than five minutes, so these stories happen as they are told."""
    monkeypatch.setitem(globals(), "T0", timezone.now().replace(microsecond=0))


@dataclass
class Peer:
    """A receiver. `answers` are given in turn, the last one for good."""

    answers: list[int] = field(default_factory=lambda: [200])
    got: list[tuple[dict[str, str], str, str]] = field(default_factory=list)
    slow_seconds: float = 0.0
    port: int = 0
    server: ThreadingHTTPServer | None = None

    def secure(self, certificate: Path) -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook?shop=1"


@pytest.fixture
def peer() -> Iterator[Peer]:
    state = Peer()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            state.got.append(({key.lower(): value for key, value in self.headers.items()}, body, self.path))
            time.sleep(state.slow_seconds)
            answer = state.answers[min(len(state.got), len(state.answers)) - 1]
            self.send_response(answer)
            if answer == 302:
                self.send_header("Location", f"http://127.0.0.1:{state.port}/elsewhere")
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"ok")

        def log_message(self, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.handle_error = lambda *_: None
    state.server = server
    state.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield state
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def to_private(settings):
    settings.LAOKE = replace(settings.LAOKE, webhooks_to_private=True)


@pytest.fixture(autouse=True)
def _listening() -> Iterator[None]:
    handlers.register()
    with translation.override("en"):
        yield


def make(peer: Peer, topics=()):
    return services.create_endpoint(SYSTEM, "Shop", peer.url, topics, at=T0)


def publish(topic="order.committed", payload=None, at=None):
    at = at or T0
    outbox.add(topic, payload or {"order_id": 5, "note": "买二"}, at=at)
    dispatch.dispatch_batch(at)


@pytest.mark.django_db
@pytest.mark.usefixtures("to_private")
class TestDelivery:
    def test_an_event_arrives_signed_once(self, peer):
        endpoint, secret = make(peer)
        publish()
        assert delivery.deliver_due(T0) == 1
        assert delivery.deliver_due(T0 + timedelta(days=3)) == 0
        ((headers, body, path),) = peer.got
        message = OutboxMessage.objects.get()
        data = Webhook(secret).verify(body, headers)
        assert data == {
            "type": "order.committed",
            "timestamp": T0.isoformat().replace("+00:00", "Z"),
            "data": {"order_id": 5, "note": "买二"},
        }
        assert headers["webhook-id"] == f"msg_{message.pk}"
        assert headers["content-type"] == "application/json"
        assert path == "/hook?shop=1"
        (line,) = selectors.deliveries(SYSTEM, endpoint.id)
        assert (line.status, line.attempts, line.last_status, line.last_error) == (
            DeliveryStatus.DELIVERED,
            1,
            200,
            "",
        )
        assert bytes(WebhookEndpoint.objects.get().secret).find(secret.encode()) == -1
        assert secret not in str(list(AuditEntry.objects.values_list("after", flat=True)))

    def test_each_attempt_is_kept_with_what_a_refusal_said(self, peer):
        endpoint, _ = make(peer)
        peer.answers = [500, 204]
        publish()
        delivery.deliver_due(T0)
        delivery.deliver_due(T0 + timedelta(seconds=6))
        line, (second, first) = selectors.delivery(
            SYSTEM, endpoint.id, selectors.deliveries(SYSTEM, endpoint.id)[0].id
        )
        assert (first.status, first.error, first.answer) == (500, "answered 500", "ok")
        assert ("content-length", "2") in first.headers
        assert (second.status, second.error, second.answer) == (204, "", "")
        assert timedelta(0) <= first.at - T0 < timedelta(seconds=1)
        assert selectors.health(SYSTEM, T0 - timedelta(hours=1))[endpoint.id].success == 1.0
        with pytest.raises(NoSuchWebhookDelivery):
            selectors.delivery(SYSTEM, endpoint.id + 1, line.id)

    def test_topics_narrow_and_a_repeated_handler_adds_nothing(self, peer):
        make(peer, ["tier.changed"])
        everything, _ = make(peer)
        services.update_endpoint(
            SYSTEM, make(peer)[0].id, name="off", url=peer.url, topics=[], active=False, at=T0
        )
        publish("order.committed")
        OutboxMessage.objects.update(done_at=None, available_at=T0)
        dispatch.dispatch_batch(T0)
        assert list(WebhookDelivery.objects.values_list("endpoint_id", flat=True)) == [everything.id]

    def test_failures_are_retried_on_schedule_until_it_arrives(self, peer):
        endpoint, _ = make(peer)
        peer.answers = [500, 503, 204]
        publish()
        assert delivery.deliver_due(T0) == 1
        (line,) = selectors.deliveries(SYSTEM, endpoint.id, DeliveryStatus.WAITING)
        assert (line.attempts, line.last_status, line.last_error) == (1, 500, "answered 500")
        assert timedelta(seconds=5) <= line.next_at - T0 < timedelta(seconds=6)
        assert delivery.deliver_due(T0 + timedelta(seconds=4)) == 0
        assert delivery.deliver_due(T0 + timedelta(seconds=6)) == 1
        assert delivery.deliver_due(T0 + timedelta(seconds=305)) == 0
        assert delivery.deliver_due(T0 + timedelta(seconds=307)) == 1
        (line,) = selectors.deliveries(SYSTEM, endpoint.id, DeliveryStatus.DELIVERED)
        assert (line.attempts, line.last_status) == (3, 204)
        # The id is the same every time, the signature is fresh.
        assert len({headers["webhook-id"] for headers, _, _ in peer.got}) == 1
        assert len({headers["webhook-timestamp"] for headers, _, _ in peer.got}) == 3

    def test_it_is_given_up_after_the_last_and_the_endpoint_switched_off(self, peer):
        endpoint, _ = make(peer)
        other, _ = make(peer, [services.DISABLED_TOPIC])
        peer.answers = [500]
        publish()
        at = T0
        for pause in (*delivery.PAUSES, timedelta(days=9)):
            assert delivery.deliver_due(at) == 1
            at += pause + timedelta(seconds=1)
        assert delivery.deliver_due(at) == 0
        (line,) = selectors.deliveries(SYSTEM, endpoint.id, DeliveryStatus.GIVEN_UP)
        assert (line.attempts, line.next_at) == (10, None)
        row = WebhookEndpoint.objects.get(pk=endpoint.id)
        assert not row.active
        assert row.disabled_reason.startswith("nothing arrived since")
        assert dispatch.dispatch_batch(at) == 1
        (told,) = selectors.deliveries(SYSTEM, other.id)
        assert (told.topic, json.loads(told.body)["data"]["endpoint_id"]) == (
            "webhook.endpoint.disabled",
            endpoint.id,
        )

    def test_one_lost_event_does_not_switch_off_an_endpoint_that_receives_others(self, peer):
        endpoint, _ = make(peer)
        publish()
        publish()
        first, second = WebhookDelivery.objects.order_by("id")
        WebhookDelivery.objects.filter(pk=first.pk).update(attempts=9)
        WebhookDelivery.objects.filter(pk=second.pk).update(delivered_at=T0, next_at=None)
        peer.answers = [500]
        delivery.deliver_due(T0)
        assert [line.status for line in selectors.deliveries(SYSTEM, endpoint.id)] == [
            DeliveryStatus.DELIVERED,
            DeliveryStatus.GIVEN_UP,
        ]
        assert WebhookEndpoint.objects.get().active

    def test_410_switches_the_endpoint_off_at_once(self, peer):
        endpoint, _ = make(peer)
        peer.answers = [410]
        publish()
        publish()
        assert delivery.deliver_due(T0) == 1
        assert delivery.deliver_due(T0 + timedelta(days=1)) == 0
        assert not WebhookEndpoint.objects.get().active
        assert AuditEntry.objects.get(action="webhook.disabled").reason.startswith(
            "the receiver answered 410"
        )
        # What waits is sent when it is switched on again.
        peer.answers = [200]
        services.update_endpoint(
            SYSTEM, endpoint.id, name="Shop", url=peer.url, topics=[], active=True, at=T0
        )
        assert delivery.deliver_due(T0 + timedelta(days=1)) == 1

    def test_redirects_are_not_followed(self, peer):
        endpoint, _ = make(peer)
        peer.answers = [302]
        publish()
        delivery.deliver_due(T0)
        assert [path for _, _, path in peer.got] == ["/hook?shop=1"]
        (line,) = selectors.deliveries(SYSTEM, endpoint.id)
        assert (line.status, line.last_status) == (DeliveryStatus.WAITING, 302)

    def test_a_receiver_that_is_away_is_tried_once_per_batch(self, peer):
        with socket.socket() as unused:
            unused.bind(("127.0.0.1", 0))
            port = unused.getsockname()[1]
        endpoint, _ = services.create_endpoint(SYSTEM, "away", f"http://127.0.0.1:{port}/", [], at=T0)
        publish()
        publish()
        assert delivery.deliver_due(T0) == 1
        second, first = selectors.deliveries(SYSTEM, endpoint.id)
        assert (first.attempts, first.last_status, first.last_error) == (1, None, "could not connect")
        assert (second.attempts, second.last_error) == (0, "")
        assert delivery.deliver_due(T0 + timedelta(seconds=31)) == 1

    def test_a_receiver_that_answers_too_late_counts_as_failed(self, peer, monkeypatch):
        monkeypatch.setattr(delivery, "TIMEOUT_SECONDS", 0.2)
        peer.slow_seconds = 0.6
        endpoint, _ = make(peer)
        publish()
        begun = time.perf_counter()
        delivery.deliver_due(T0)
        assert time.perf_counter() - begun < 0.55
        (line,) = selectors.deliveries(SYSTEM, endpoint.id)
        assert (line.last_status, line.last_error) == (None, "no answer within 10 s")

    def test_after_a_rotation_both_secrets_sign_for_a_day(self, peer):
        endpoint, old = make(peer)
        _, new = services.rotate_secret(SYSTEM, endpoint.id, at=T0 - timedelta(hours=23))
        publish()
        delivery.deliver_due(T0)
        headers, body, _ = peer.got[0]
        assert Webhook(old).verify(body, headers) == Webhook(new).verify(body, headers)
        services.rotate_secret(SYSTEM, endpoint.id, at=T0 - timedelta(hours=25))
        publish()
        delivery.deliver_due(T0)
        headers, body, _ = peer.got[1]
        for secret in (old, new):
            with pytest.raises(Exception, match="No matching signature"):
                Webhook(secret).verify(body, headers)

    def test_a_test_event_goes_to_its_endpoint_alone_and_a_delivery_can_be_repeated(self, peer):
        endpoint, _ = make(peer, ["tier.changed"])
        make(peer)
        services.send_test(SYSTEM, endpoint.id, at=T0)
        dispatch.dispatch_batch(T0)
        assert delivery.deliver_due(T0) == 1
        assert json.loads(peer.got[0][1])["type"] == "webhook.test"
        (line,) = selectors.deliveries(SYSTEM, endpoint.id)
        services.redeliver(SYSTEM, endpoint.id, line.id, at=T0)
        assert delivery.deliver_due(T0) == 1
        assert peer.got[0][1] == peer.got[1][1]
        with pytest.raises(NoSuchWebhookDelivery):
            services.redeliver(SYSTEM, endpoint.id, line.id + 1, at=T0)
        services.disable_endpoint(SYSTEM, endpoint.id, "season is over", at=T0)
        for refused in (
            lambda: services.send_test(SYSTEM, endpoint.id, at=T0),
            lambda: services.redeliver(SYSTEM, endpoint.id, line.id, at=T0),
        ):
            with pytest.raises(WebhookEndpointInactive):
                refused()

    def test_the_log_is_read_page_by_page(self, peer):
        endpoint, _ = make(peer)
        for _ in range(5):
            publish()
        ids = [line.id for line in selectors.deliveries(SYSTEM, endpoint.id)]
        assert ids == sorted(ids, reverse=True)
        assert [line.id for line in selectors.deliveries(SYSTEM, endpoint.id, after=ids[1], limit=2)] == ids[
            2:4
        ]
        assert selectors.due_count(T0) == 5
        WebhookDelivery.objects.filter(pk=ids[0]).update(next_at=None, created_at=T0 - timedelta(days=31))
        assert delivery.purge(T0) == 1

    def test_the_connection_goes_to_the_address_that_was_checked(self, peer, monkeypatch):
        real = socket.getaddrinfo
        asked = []

        def resolver(host, *args, **kwargs):
            asked.append(host)
            return real("127.0.0.1" if host == "hooks.example" else host, *args, **kwargs)

        monkeypatch.setattr(socket, "getaddrinfo", resolver)
        services.create_endpoint(SYSTEM, "named", f"http://hooks.example:{peer.port}/x", [], at=T0)
        publish()
        assert delivery.deliver_due(T0) == 1
        assert peer.got[0][0]["host"] == f"hooks.example:{peer.port}"
        assert asked.count("hooks.example") == 1


@pytest.mark.django_db
@pytest.mark.usefixtures("to_private")
def test_over_https_the_certificate_must_be_the_names(peer, monkeypatch, tmp_path):
    certificate = self_signed("hooks.example", tmp_path)
    peer.secure(certificate)
    monkeypatch.setattr(delivery, "trusted", lambda: ssl.create_default_context(cafile=certificate))
    real = socket.getaddrinfo
    monkeypatch.setattr(socket, "getaddrinfo", lambda host, *args, **more: real("127.0.0.1", *args, **more))
    right, _ = services.create_endpoint(SYSTEM, "right", f"https://hooks.example:{peer.port}/", [], at=T0)
    wrong, _ = services.create_endpoint(SYSTEM, "wrong", f"https://other.example:{peer.port}/", [], at=T0)
    publish()
    delivery.deliver_due(T0)
    assert selectors.deliveries(SYSTEM, right.id)[0].last_status == 200
    (refused,) = selectors.deliveries(SYSTEM, wrong.id)
    assert (refused.last_status, refused.last_error) == (None, "could not connect")
    assert [headers["host"] for headers, _, _ in peer.got] == [f"hooks.example:{peer.port}"]


def self_signed(name: str, folder: Path) -> Path:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(T0 - timedelta(days=1))
        .not_valid_after(T0 + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    file = folder / "peer.pem"
    file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    return file


@pytest.mark.django_db
def test_a_public_name_that_resolves_to_a_private_address_is_refused_when_sending(peer, monkeypatch):
    def resolver(host, port, **kwargs):
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]

    monkeypatch.setattr(socket, "getaddrinfo", resolver)
    endpoint, _ = services.create_endpoint(SYSTEM, "trap", f"http://rebind.example:{peer.port}/", [], at=T0)
    publish()
    delivery.deliver_due(T0)
    assert peer.got == []
    (line,) = selectors.deliveries(SYSTEM, endpoint.id)
    assert line.last_error.startswith("rebind.example is not a public address")


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("ftp://example.com/", "starts with https"),
        ("https:///path", "names a host"),
        ("example.com/hook", "starts with https"),
        ("https://user:pw@example.com/", "user name and password"),
        ("https://example.com/#part", "Leave out what follows #"),
        ("https://example.com/a b", "no spaces"),
        ("https://example.com:99999/", "no web address"),
        ("https://[::1", "no web address"),
        ("https://example.com/" + "a" * 500, "at most 500"),
        ("http://127.0.0.1/", "not a public address"),
        ("http://localhost:8000/", "not a public address"),
        ("http://10.1.2.3/", "not a public address"),
        ("http://169.254.169.254/latest/meta-data", "not a public address"),
        ("http://100.64.0.1/", "not a public address"),
        ("http://[::1]/", "not a public address"),
        ("http://[::ffff:10.0.0.1]/", "not a public address"),
        ("http://[64:ff9b::a00:1]/", "not a public address"),
        ("http://[fe80::1]/", "not a public address"),
        ("http://224.0.0.1/", "not a public address"),
        ("http://0.0.0.0/", "not a public address"),
    ],
)
def test_addresses_that_are_refused_when_entered(url, why):
    with pytest.raises(BadWebhookUrl, match=why):
        addresses.check_url(url, to_private=False)


def test_numbers_in_disguise_are_refused_when_resolved():
    for url in ("http://2130706433/", "http://0x7f000001/", "http://127.1/"):
        with pytest.raises(BadWebhookUrl, match="not a public address"):
            addresses.resolve(url, to_private=False)
    addresses.check_url("https://93.184.216.34/hook", to_private=False)
    assert addresses.resolve("http://127.0.0.1:80/x?y=1", to_private=True) == addresses.Target(
        "http://127.0.0.1:80/x?y=1", "127.0.0.1", "127.0.0.1", "127.0.0.1"
    )
    assert addresses.resolve("https://[::1]:8443", to_private=True) == addresses.Target(
        "https://[::1]:8443/", "::1", "::1", "[::1]:8443"
    )


@pytest.mark.django_db
def test_only_those_with_the_scope_manage_webhooks():
    nobody = Caller("staff", 1, "wu", frozenset())
    for refused in (
        lambda: services.create_endpoint(nobody, "x", "https://example.com/", [], at=T0),
        lambda: services.rotate_secret(nobody, 1, at=T0),
        lambda: services.send_test(nobody, 1, at=T0),
        lambda: services.redeliver(nobody, 1, 1, at=T0),
        lambda: services.disable_endpoint(nobody, 1, "", at=T0),
        lambda: selectors.endpoints(nobody),
        lambda: selectors.deliveries(nobody, 1),
    ):
        with pytest.raises(MissingScope):
            refused()
    with pytest.raises(NoSuchWebhookEndpoint):
        services.rotate_secret(SYSTEM, 1, at=T0)
    assert vault.unseal(vault.seal("x", services.SECRET_PURPOSE), services.SECRET_PURPOSE) == "x"


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("to_private")
def test_a_slow_endpoint_holds_up_nobody_else(peer):
    slow_server = socket.socket()
    slow_server.bind(("127.0.0.1", 0))
    slow_server.listen(5)  # accepts and never answers
    services.create_endpoint(SYSTEM, "slow", f"http://127.0.0.1:{slow_server.getsockname()[1]}/", [], at=T0)
    make(peer)
    for number in range(12):
        outbox.add("order.committed", {"number": number}, at=T0)
    dispatch.dispatch_batch(timezone.now())
    stop = threading.Event()
    thread = threading.Thread(target=delivery.loop, args=(stop,), kwargs={"idle": 0.02})
    thread.start()
    begun = time.perf_counter()
    while len(peer.got) < 12 and time.perf_counter() - begun < 5:
        time.sleep(0.01)
    seconds = time.perf_counter() - begun
    stop.set()
    slow_server.close()
    thread.join(3)
    assert not thread.is_alive()
    assert [json.loads(body)["data"]["number"] for _, body, _ in peer.got] == list(range(12))
    assert seconds < 3
    wait_for_posts()


def wait_for_posts():
    deadline = time.monotonic() + 3
    while any(thread.name.startswith("webhook") for thread in threading.enumerate()):
        assert time.monotonic() < deadline
        time.sleep(0.01)
