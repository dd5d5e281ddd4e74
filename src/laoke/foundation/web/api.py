"""What every API endpoint shares: who calls, at what time, under which key, and how refusals are answered."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, cast

import orjson
import psycopg
import structlog
from django.db import DataError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from ninja import NinjaAPI
from ninja.errors import HttpError, ValidationError
from ninja.parser import Parser
from ninja.renderers import BaseRenderer
from ninja.security import HttpBearer

from laoke.foundation.access import Caller, Scope
from laoke.foundation.apikeys import services as apikeys
from laoke.foundation.idempotency.services import Answer
from laoke.foundation.web.errors import NumberTooLarge, Unexpected, UnsupportedBody
from laoke.foundation.web.problems import problem_response
from laoke.kernel.errors import LaokeError

log = structlog.get_logger("laoke.api")

_LONGEST_KEY = 128


class InvalidRequest(LaokeError):
    """The body or a parameter does not have the declared form; `errors` names each place."""

    code, status, title = "invalid-request", 422, "The request does not have the declared form"


class MalformedBody(LaokeError):
    """The body is not JSON."""

    code, status, title = "malformed-body", 400, "The body cannot be read"


class IdempotencyKeyMissing(LaokeError):
    """Commands need an Idempotency-Key header of 1 to 128 printable ASCII characters, so that they can be repeated."""

    code, status, title = "idempotency-key-missing", 400, "An idempotency key is needed"

    def __init__(self) -> None:
        super().__init__(
            "Send an Idempotency-Key header of 1 to 128 printable ASCII characters: the same one when you repeat "
            "this request, a new one for a new request"
        )


class NoSuchAddress(LaokeError):
    """Nothing is served at this address."""

    code, status, title = "not-found", 404, "Nothing is here"


class DatabaseAway(LaokeError):
    """The database does not answer. Nothing was changed, or the answer got lost: repeat with the same key."""

    code, status, title = "database-away", 503, "The database does not answer"

    def __init__(self) -> None:
        super().__init__("Repeat the request in a moment, with the same idempotency key")


class KeyAuth(HttpBearer):
    """An API key as bearer token, holding every one of `scopes`. The caller is put on the request as `caller`.

    This is the one place where reads are checked, and it comes before the body is looked at. Commands are checked
    by their services as well, which other edges call too.

    Raises:
        Unauthenticated, MissingScope
    """

    openapi_name = "API key"
    openapi_description = "Authorization: Bearer lk_..."

    def __init__(self, *scopes: Scope) -> None:
        super().__init__()
        self.scopes = scopes

    def __call__(self, request: HttpRequest) -> Any:
        found = apikeys.authenticate(request.headers.get("Authorization"), received_at(request))
        for scope in self.scopes:
            found.require(scope)
        request.caller = found  # type: ignore[attr-defined]
        return found

    def authenticate(self, request: HttpRequest, token: str) -> Any:
        """Not used: the whole header is checked above."""
        raise AssertionError


def caller(request: HttpRequest) -> Caller:
    """Who calls."""
    return cast(Caller, request.caller)  # type: ignore[attr-defined]


def received_at(request: HttpRequest) -> datetime:
    """When the request came in: the one clock reading that everything in it uses."""
    at = getattr(request, "received_at", None)
    if at is None:
        at = datetime.now(UTC)
        request.received_at = at  # type: ignore[attr-defined]
    return cast(datetime, at)


def idempotency_key(request: HttpRequest) -> str:
    """The caller's name for this command.

    Raises:
        IdempotencyKeyMissing
    """
    key = request.headers.get("Idempotency-Key", "")
    if not (1 <= len(key) <= _LONGEST_KEY and key.isascii() and key.isprintable()):
        raise IdempotencyKeyMissing
    return key


def answered(answer: Answer) -> HttpResponse:
    """The answer of a command that acts once per key; a repeat says that it is one."""
    response = HttpResponse(answer.body, status=answer.status, content_type="application/json")
    if not answer.first:
        response["Idempotency-Replayed"] = "true"
    return response


class JsonParser(Parser):
    """Reads JSON strictly: numbers stay what they are, a body that is not JSON is refused with a problem."""

    def parse_body(self, request: HttpRequest) -> Any:
        if request.content_type != "application/json" or not _is_utf8(request.encoding):
            raise UnsupportedBody
        try:
            return orjson.loads(request.body)
        except orjson.JSONDecodeError as error:
            raise MalformedBody(f"The body is not JSON: {error}") from None


def _is_utf8(encoding: str | None) -> bool:
    return encoding is None or encoding.lower().replace("-", "") in ("utf8", "usascii")


class JsonRenderer(BaseRenderer):
    """Writes JSON."""

    media_type = "application/json"

    def render(self, request: HttpRequest, data: Any, *, response_status: int) -> Any:
        return orjson.dumps(data, default=str)


def answer_problems(api: NinjaAPI) -> None:
    """Answer every refusal of this API as a problem response (RFC 9457)."""

    def refused(request: HttpRequest, error: LaokeError) -> HttpResponse:
        return problem_response(request, error)

    def invalid(request: HttpRequest, error: ValidationError) -> HttpResponse:
        errors = [
            {"place": ".".join(str(part)[:60] for part in found["loc"]), "message": found["msg"][:300]}
            for found in error.errors[:20]
        ]
        first = errors[0] if errors else {"place": "", "message": ""}
        return problem_response(
            request, InvalidRequest(f"{first['place']}: {first['message']}", errors=errors)
        )

    def http(request: HttpRequest, error: HttpError) -> HttpResponse:
        if isinstance(error.__cause__, LaokeError):  # ninja wraps what the parser says
            return problem_response(request, error.__cause__)
        if error.status_code == 400:
            return problem_response(request, MalformedBody("The body cannot be read"))
        return problem_response(request, InvalidRequest(str(error)))

    def missing(request: HttpRequest, error: Http404) -> HttpResponse:
        return problem_response(request, NoSuchAddress("Nothing is served at this address"))

    def too_large(request: HttpRequest, error: Exception) -> HttpResponse:
        cause = error.__cause__ if isinstance(error, DataError) else error
        if isinstance(cause, psycopg.errors.NumericValueOutOfRange):
            return problem_response(request, NumberTooLarge())
        return unexpected(request, error)

    def away(request: HttpRequest, error: Exception) -> HttpResponse:
        log.error("database away", error=type(error).__name__)
        response = problem_response(request, DatabaseAway())
        response["Retry-After"] = "1"
        return response

    def unexpected(request: HttpRequest, error: Exception) -> HttpResponse:
        request_id = str(getattr(request, "request_id", ""))
        log.error("request failed", request_id=request_id, exc_info=error)
        return problem_response(request, Unexpected(request_id))

    handlers: list[tuple[type[Exception], Any]] = [
        (LaokeError, refused),
        (ValidationError, invalid),
        (HttpError, http),
        (Http404, missing),
        (OperationalError, away),
        (psycopg.OperationalError, away),
        (DataError, too_large),
        (psycopg.errors.NumericValueOutOfRange, too_large),
        (Exception, unexpected),
    ]
    for kind, answer in handlers:
        api.add_exception_handler(kind, answer)
