"""The web edge: ids, log lines and metrics without personal data, bounded bodies, problems, health."""

from __future__ import annotations

import io
import json
import logging
import os
import subprocess
import sys
import textwrap
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.db import connection
from django.http import HttpResponse
from django.test import Client, RequestFactory
from django.urls import include, path
from prometheus_client import REGISTRY

from laoke.foundation.access import SYSTEM, MissingScope, Scope
from laoke.foundation.apikeys import services as apikeys
from laoke.foundation.web import limits, logs, observe, problems, redact
from laoke.foundation.web.errors import BodyTooLarge
from laoke.kernel.errors import LaokeError

T0 = datetime(2026, 3, 1, 4, 0, tzinfo=UTC)


class TooHot(LaokeError):
    """The kettle is hotter than the rules allow."""

    code, status, title = "too-hot", 409, "Too hot"


def fine(request, phone=""):
    return HttpResponse(f"{len(request.body)} {request.request_id}")


def refuse(request):
    raise TooHot("98 degrees, at most 95 are allowed.", degrees=98, title="not this one")


def fail(request):
    raise RuntimeError("call 13812345678 about li@example.com")


urlpatterns = [
    path("v1/members/<phone>", fine),
    path("v1/fine", fine),
    path("v1/refuse", refuse),
    path("v1/fail", fail),
    path("upload", fine),
    path("page", fail),
    path("", include("laoke.foundation.web.urls")),
]
pytestmark = pytest.mark.urls(__name__)


@pytest.fixture
def lines():
    """What is logged, as JSON."""
    out = io.StringIO()
    logs.configure("json", "info", out)
    yield lambda: [json.loads(line) for line in out.getvalue().splitlines()]
    logs.configure("text", "info")


@pytest.fixture
def client(settings):
    settings.MIDDLEWARE = ["laoke.foundation.web.observe.Observe", "laoke.foundation.web.limits.LimitBody"]
    settings.ALLOWED_HOSTS = ["testserver"]
    return Client(raise_request_exception=False)


def count(route, method, status):
    labels = {"route": route, "method": method, "status": status}
    return REGISTRY.get_sample_value("laoke_http_request_seconds_count", labels) or 0


class TestObserving:
    def test_a_request_leaves_an_id_a_line_and_a_count(self, client, lines):
        before = count("/v1/members/<phone>", "GET", "200")
        response = client.get("/v1/members/13812345678?name=li", headers={"X-Request-ID": "till-7.0001"})
        assert response["X-Request-ID"] == "till-7.0001"
        assert response.content == b"0 till-7.0001"
        assert count("/v1/members/<phone>", "GET", "200") == before + 1
        (line,) = lines()
        assert line.pop("ms") >= 0
        assert line.pop("timestamp").endswith("+00:00")
        assert line == {
            "level": "info",
            "event": "request",
            "request_id": "till-7.0001",
            "method": "GET",
            "route": "/v1/members/<phone>",
            "status": 200,
        }

    @pytest.mark.parametrize(
        "given", ["", "short", "x" * 65, "with space", "line\nbreak", "<script>alert(1)"]
    )
    def test_an_id_that_is_not_sane_is_replaced(self, client, given):
        response = client.get("/v1/fine", headers={"X-Request-ID": given} if given else {})
        assert len(response["X-Request-ID"]) == 16
        assert response["X-Request-ID"] != given

    def test_paths_nobody_serves_do_not_multiply_the_metrics(self, client, lines):
        before = count("unmatched", "GET", "404")
        for number in range(3):
            assert client.get(f"/v1/nothing/{number}").status_code == 404
        assert count("unmatched", "GET", "404") == before + 3
        assert client.generic("BREW", "/v1/fine").status_code == 200
        assert count("/v1/fine", "OTHER", "200") == 1
        assert [line["route"] for line in lines()] == ["unmatched"] * 3 + ["/v1/fine"]

    def test_a_refusal_is_logged_by_its_code(self, client, lines):
        client.get("/v1/refuse")
        assert (lines()[-1]["status"], lines()[-1]["problem"]) == (409, "too-hot")

    def test_it_costs_less_than_thirty_microseconds(self, lines):
        answer = HttpResponse("")
        watched = observe.Observe(lambda request: answer)
        request = RequestFactory().get("/v1/fine")
        request.resolver_match = None
        best = float("inf")
        for _ in range(5):
            begun = time.perf_counter()
            for _ in range(1000):
                watched(request)
            best = min(best, (time.perf_counter() - begun) / 1000)
        assert best < 30e-6


class TestProblems:
    def test_a_refusal_becomes_a_problem(self, client):
        response = client.get("/v1/refuse", headers={"Accept-Language": "en"})
        assert response.status_code == 409
        assert response["Content-Type"] == "application/problem+json"
        assert response.json() == {
            "type": "/problems/too-hot",
            "title": "Too hot",
            "status": 409,
            "detail": "98 degrees, at most 95 are allowed.",
            "instance": "/v1/refuse",
            "degrees": 98,
        }

    def test_a_fault_tells_nothing_but_its_id_and_is_logged_without_personal_data(self, client, lines):
        response = client.get("/v1/fail", headers={"X-Request-ID": "trace-me-1", "Accept-Language": "en"})
        assert response.status_code == 500
        assert response.json()["request_id"] == "trace-me-1"
        assert "RuntimeError" not in response.text
        fault = next(line for line in lines() if line["level"] == "error")
        assert fault["request_id"] == "trace-me-1"
        assert "RuntimeError: call [hidden] about [hidden]" in fault["exception"]
        assert "in fail" in fault["exception"]

    def test_a_fault_of_a_page_is_left_to_the_error_page_and_logged_without_its_path(self, client, lines):
        response = client.get("/page?phone=13812345678")
        assert response.status_code == 500
        assert response["Content-Type"].startswith("text/html")
        fault = next(line for line in lines() if line["level"] == "error")
        assert "/page" not in json.dumps({**fault, "exception": ""})

    def test_401_says_how_to_authenticate(self):
        response = problems.problem_response(RequestFactory().get("/v1/x"), apikeys.Unauthenticated())
        assert (response.status_code, response["WWW-Authenticate"]) == (401, 'Bearer realm="laoke"')

    def test_every_type_has_a_page_in_both_languages(self, client):
        known = problems.all_problem_types()
        codes = [problem.code for problem in known]
        assert codes == sorted(set(codes))
        assert {"too-hot", "missing-scope", "body-too-large", "internal-error", "bad-webhook-url"} <= set(
            codes
        )
        assert [problem for problem in known if not problem.explanation] == []
        for language in ("en", "zh-hans"):
            page = client.get("/problems/too-hot", query_params={"lang": language})
            assert page.status_code == 200
            assert f'lang="{language}"' in page.text
            assert "The kettle is hotter than the rules allow." in page.text
        assert 'href="/problems/too-hot"' in client.get("/problems/").text
        assert client.get("/problems/no-such-thing").status_code == 404

    def test_markup_in_a_problem_is_text(self, client):
        response = problems.problem_response(RequestFactory().get("/v1/<script>"), TooHot("<b>hot</b>"))
        assert response["Content-Type"] == "application/problem+json"


class TestLimits:
    def test_the_api_takes_one_mebibyte_and_other_addresses_ten(self, client):
        for address, limit in (("/v1/fine", limits.API_LIMIT), ("/upload", limits.OTHER_LIMIT)):
            at_limit = client.post(address, b"x" * limit, content_type="application/octet-stream")
            assert (at_limit.status_code, int(at_limit.content.split()[0])) == (200, limit)
            above = client.post(address, b"x" * (limit + 1), content_type="application/octet-stream")
            assert (above.status_code, above.json()["type"]) == (413, "/problems/body-too-large")
        assert BodyTooLarge(1 << 20).detail.startswith("This address takes at most 1 MiB at a time.")

    def test_a_huge_declared_length_is_refused_unread(self):
        class Unread(io.BytesIO):
            def read(self, *args):
                raise AssertionError("nobody should read this")

        request = RequestFactory().post("/v1/fine")
        request.META["wsgi.input"] = Unread()
        for declared in ("1048577", "9" * 5000):
            request.META["CONTENT_LENGTH"] = declared
            assert limits.LimitBody(fine)(request).status_code == 413

    @pytest.mark.parametrize("size", [0, 1, limits.API_LIMIT, limits.API_LIMIT + 1])
    def test_a_body_in_chunks_is_bounded_and_readable(self, size):
        request = RequestFactory().post("/v1/fine")
        request.request_id = ""
        request.META.update({"CONTENT_LENGTH": "", "wsgi.input_terminated": True})
        request.META["wsgi.input"] = io.BytesIO(b"x" * size)
        response = limits.LimitBody(fine)(request)
        if size > limits.API_LIMIT:
            assert response.status_code == 413
        else:
            assert response.content == f"{size} ".encode()


class TestLogs:
    def test_personal_fields_and_shapes_are_hidden(self, lines):
        logging.getLogger("laoke.test").warning(
            "member %s wrote",
            "13812345678",
            extra={
                "phone": "13812345678",
                "memberName": "李雷",
                "card_no": "6225880137",
                "api_secret": "x",
                "Authorization": "Bearer lk_x",
                "task_name": "points.expire",
                "count": 42,
                "epoch": 1767225600,
                "as_number": 13812345678,
                "nested": {"email": "li@example.com", "note": "call 138 1234 5678", "ok": [1, "two"]},
                "order_id": "3f2504e0-4f89-11d3-9a0c-0305e82c3301",
            },
        )
        (line,) = lines()
        assert line["event"] == "member [hidden] wrote"
        hidden = ["phone", "memberName", "card_no", "api_secret", "Authorization", "as_number"]
        assert [line[name] for name in hidden] == ["[hidden]"] * 6
        assert (line["task_name"], line["count"], line["epoch"]) == ("points.expire", 42, 1767225600)
        assert line["nested"] == {"email": "[hidden]", "note": "call [hidden]", "ok": [1, "two"]}
        assert line["order_id"] == "3f2504e0-4f89-11d3-9a0c-0305e82c3301"

    @pytest.mark.django_db
    def test_what_the_database_quotes_in_its_errors_is_hidden(self, lines):
        address = "Li Lei, Hutong 9"
        try:
            with connection.cursor() as cursor:
                cursor.execute("create temporary table t (note text unique) on commit drop")
                cursor.execute("insert into t values (%s)", [address])
                cursor.execute("insert into t values (%s)", [address])
        except Exception:
            logging.getLogger("laoke.test").exception("it failed")
        (line,) = lines()
        assert "UniqueViolation" in line["exception"]
        assert "Hutong" not in line["exception"]

    def test_structlog_and_text_take_the_same_way(self):
        import structlog

        out = io.StringIO()
        logs.configure("text", "warning", out)
        try:
            structlog.get_logger("laoke.test").warning("till answered", phone="13812345678", store=4)
            logging.getLogger("laoke.test").info("too quiet to be heard")
            logs.access("id", "GET", "/v1/fine", 200, 0.001, "")
        finally:
            logs.configure("text", "info")
        (line,) = out.getvalue().splitlines()
        assert "till answered" in line
        assert "phone=[hidden]" in line
        assert "store=4" in line
        logs.configure("text", "info", out)
        logs.access("id-1", "POST", "/v1/orders", 409, 0.0123, "too-hot")
        logs.configure("text", "info")
        assert out.getvalue().splitlines()[-1].endswith("POST /v1/orders 409 12.3 ms id-1 too-hot")

    @pytest.mark.parametrize(
        ("content", "clean"),
        [
            ("2026-03-01T04:00:00.123456+00:00", "2026-03-01T04:00:00.123456+00:00"),
            ("order 1234567", "order [hidden]"),
            ("order 123456", "order 123456"),
            ("+8613812345678", "[hidden]"),
            ("a1b2c3d4e5f60718", "a1b2c3d4e5f60718"),
            ("DETAIL:  Key (x)=(y) already exists.", "DETAIL: [hidden]"),
        ],
    )
    def test_shapes(self, content, clean):
        assert redact.text(content) == clean


@pytest.mark.django_db
class TestHealth:
    def test_alive_and_ready(self, client):
        assert client.get("/healthz").content == b"ok\n"
        ready = client.get("/readyz")
        assert ready.status_code == 200
        assert ready.json() == {
            "ready": True,
            "database": "ok",
            "migrations": "applied",
            "worker_seen_seconds_ago": None,
        }
        with connection.cursor() as cursor:
            cursor.execute("insert into procrastinate_workers (last_heartbeat) values (now())")
        assert client.get("/readyz").json()["worker_seen_seconds_ago"] < 60

    def test_metrics_need_a_key_with_their_scope(self, client):
        apikeys.forget_cached()
        _, key = apikeys.create(SYSTEM, "prometheus", [Scope.METRICS_READ], None, None, at=T0)
        _, other = apikeys.create(SYSTEM, "till", [Scope.QUOTES], None, None, at=T0)
        client.get("/v1/fine")
        assert client.get("/metrics").status_code == 401
        assert client.get("/metrics", headers={"Authorization": f"Bearer {other}"}).json()["type"] == (
            f"/problems/{MissingScope.code}"
        )
        response = client.get("/metrics", headers={"Authorization": f"Bearer {key}"})
        assert response.status_code == 200
        assert 'laoke_http_request_seconds_count{method="GET",route="/v1/fine",status="200"}' in response.text
        assert 'laoke_outbox_backlog{state="waiting"} 0.0' in response.text
        assert "laoke_database_up 1.0" in response.text


_SERVED = """
    import django, os
    from django.conf import settings
    django.setup()
    settings.ROOT_URLCONF = __name__
    settings.MIDDLEWARE = ["laoke.foundation.web.observe.Observe", "laoke.foundation.web.limits.LimitBody"]
    settings.ALLOWED_HOSTS = ["*"]
    from django.http import HttpResponse
    from django.urls import path
    from prometheus_client import CollectorRegistry, generate_latest
    from prometheus_client.multiprocess import MultiProcessCollector

    def size(request):
        return HttpResponse(str(len(request.body)))

    def numbers(request):
        registry = CollectorRegistry()
        MultiProcessCollector(registry)
        return HttpResponse(generate_latest(registry))

    urlpatterns = [path("v1/size", size), path("numbers", numbers)]
    from django.core.wsgi import get_wsgi_application
    application = get_wsgi_application()
"""


def test_served_for_real_chunks_are_bounded_and_processes_counted_together(tmp_path: Path):
    """granian with two worker processes: what the test client cannot show."""
    import http.client
    import socket

    (tmp_path / "served_for_test.py").write_text(textwrap.dedent(_SERVED))
    (tmp_path / "numbers").mkdir()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "granian", "--interface", "wsgi", "--port", str(port), "--workers", "2"),
            # A worker that is told to end while it still imports does not hear it: it is ended all the same.
            *("--no-log", "--workers-kill-timeout", "3"),
            *("--working-dir", str(tmp_path), "served_for_test:application"),
        ],
        env=os.environ
        | {
            "PROMETHEUS_MULTIPROC_DIR": str(tmp_path / "numbers"),
            "DJANGO_SETTINGS_MODULE": "laoke.project.settings",
        },
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )

    def send(body, length=None):
        client = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        headers = {"Content-Length": str(length)} if length is not None else {}
        client.request("POST", "/v1/size", body, headers, encode_chunked=length is None)
        answer = client.getresponse()
        content = answer.read()
        client.close()
        return answer.status, content

    try:
        deadline = time.monotonic() + 10
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                assert time.monotonic() < deadline, "granian did not start"
                time.sleep(0.05)
        assert send(b"x" * 1000, 1000) == (200, b"1000")
        assert send(iter([b"x" * 600_000, b"y" * 400_000])) == (200, b"1000000")
        assert send(b"x" * (limits.API_LIMIT + 1), limits.API_LIMIT + 1)[0] == 413
        try:
            status, content = send(iter([b"x" * 600_000, b"y" * 600_000]))
            assert (status, json.loads(content)["type"]) == (413, "/problems/body-too-large")
        except (BrokenPipeError, ConnectionResetError):
            pass  # the server may close before it has read everything: refused all the same
        for _ in range(20):
            send(b"x", 1)
        client = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        client.request("GET", "/numbers")
        text = client.getresponse().read().decode()
        client.close()
        (line,) = [
            line
            for line in text.splitlines()
            if line.startswith("laoke_http_request_seconds_count{") and 'status="200"' in line
        ]
        assert line.endswith(" 22.0")
        assert 'route="/v1/size"' in line
    finally:
        process.terminate()
        process.wait(10)
