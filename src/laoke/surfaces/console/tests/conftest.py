"""A console in front of a small shop, with a clock of its own."""

from __future__ import annotations

import runpy
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import psycopg
import pytest
from django.test.client import Client, ClientHandler
from django.utils import translation

from laoke.foundation.access import SYSTEM
from laoke.foundation.staff import services as staff
from tests import shop as shops
from tests.shop import OPENING, Shop

ROOT = Path(__file__).parents[5]
PASSWORD = "wan-an-hutong-9"


@pytest.fixture(scope="session", autouse=True)
def _compiled() -> None:
    """`make test` compiles the catalogues; a single test started by hand needs them too."""
    locale = ROOT / "src" / "laoke" / "locale"
    for source in locale.glob("*/LC_MESSAGES/*.po"):
        compiled = source.with_suffix(".mo")
        if not compiled.exists() or compiled.stat().st_mtime < source.stat().st_mtime:
            runpy.run_path(str(ROOT / "tools" / "compile_messages.py"))
            return


@pytest.fixture(autouse=True)
def _quick_and_clean(settings) -> Iterator[None]:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    yield
    translation.deactivate()


@pytest.fixture
def home_of_its_own(settings, tmp_path) -> Path:
    """A home for one test. The compressed copies of static files are those of the process: they take long to make."""
    packed = settings.LAOKE.home / "run" / "static"
    packed.mkdir(parents=True, exist_ok=True)
    home = tmp_path / "home"
    (home / "run").mkdir(parents=True)
    (home / "run" / "static").symlink_to(packed)
    settings.LAOKE = replace(settings.LAOKE, home=home)
    return home


@pytest.fixture
def shop(db) -> Iterator[Shop]:
    yield shops.open_shop()
    shops.forget()


class Browser(Client):
    """A browser whose requests come in at `at`; it sends forms with their tokens when told to be strict."""

    def __init__(self, *, strict: bool = False, language: str = "en") -> None:
        super().__init__(raise_request_exception=True, headers={"Accept-Language": language})
        self.at = OPENING
        outer = self

        class Handler(ClientHandler):
            def get_response(self, request):
                request.received_at = outer.at
                return super().get_response(request)

        self.handler = Handler(enforce_csrf_checks=strict)

    def later(self, **by: int) -> Browser:
        """Let time go by."""
        self.at += timedelta(**by)
        return self

    def sign_in(self, username: str, password: str = PASSWORD, **more):
        """Send the sign-in form."""
        return self.post("/login", {"username": username, "password": password, **more})


@pytest.fixture
def browser() -> Browser:
    return Browser()


Hire = Callable[..., Browser]


@pytest.fixture
def hire(shop) -> Hire:
    """Make an account of a role and give back a browser it is signed in with."""

    def make(role: str = "owner", *, language: str = "en", at: datetime = OPENING, **scope) -> Browser:
        person = staff.create(SYSTEM, f"{role}-1", "李 & <b>梅</b>", role, PASSWORD, at=OPENING, **scope)
        browser = Browser(language=language)
        browser.at = at
        browser.force_login(person)
        return browser

    return make


@pytest.fixture
def statements(monkeypatch):
    """Count the statements sent to the database, whichever cursor sends them."""
    execute = psycopg.Cursor.execute

    @contextmanager
    def counting():
        sent: list[str] = []

        def counted(self, query, *args, **kwargs):
            sent.append(query if isinstance(query, str) else repr(query))
            return execute(self, query, *args, **kwargs)

        with monkeypatch.context() as patch:
            patch.setattr(psycopg.Cursor, "execute", counted)
            yield sent

    return counting
