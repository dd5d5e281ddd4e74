"""Somebody at the console, as far as that goes without a browser: signed in, at an instant, sending forms."""

from __future__ import annotations

from datetime import datetime
from html.parser import HTMLParser
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.test.client import Client, ClientHandler

from laoke.foundation.models import Staff


class _Handler(ClientHandler):
    at: datetime

    def get_response(self, request: HttpRequest) -> HttpResponse:
        request.received_at = self.at  # type: ignore[attr-defined]
        return super().get_response(request)


class Visitor(Client):
    """Requests come in at `at`; faults answer 500 as they do in life."""

    def __init__(self, at: datetime, username: str | None = None, *, language: str = "en") -> None:
        super().__init__(raise_request_exception=False, headers={"Accept-Language": language})
        handler = _Handler(enforce_csrf_checks=False)
        handler.at = at
        self.handler = handler
        if username is not None:
            self.force_login(Staff.objects.get(username=username))

    def send_form(self, address: str, form_id: str = "", **changes: Any) -> HttpResponse:
        """Open a page and send its form (the only one that posts to the page, or the one named) with some values."""
        fields = _Fields(self.get(address).content.decode(), form_id)
        response: HttpResponse = self.post(address, fields.values | changes)
        return response


class _Fields(HTMLParser):
    """What a browser without script would send back: every field of a form as it stands."""

    def __init__(self, page: str, form_id: str) -> None:
        super().__init__()
        self.values: dict[str, Any] = {}
        self._wanted, self._inside, self._select, self._text = form_id, False, "", ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        name = given.get("name", "")
        if tag == "form":
            self._inside = given.get("id", "") == self._wanted
        if not self._inside:
            return
        if tag == "input" and name:
            choice = given.get("type") in ("checkbox", "radio")
            if not choice:
                self.values[name] = given.get("value", "")
            elif "checked" in given:
                self.values[name] = given.get("value", "on")
        elif tag == "select":
            self._select = name
        elif tag == "option" and self._select and ("selected" in given or self._select not in self.values):
            self.values[self._select] = given.get("value", "")
        elif tag == "textarea":
            self._text = name
            self.values[name] = ""

    def handle_data(self, data: str) -> None:
        if self._text:
            self.values[self._text] += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "select":
            self._select = ""
        elif tag == "textarea":
            self._text = ""
        elif tag == "form":
            self._inside = False
