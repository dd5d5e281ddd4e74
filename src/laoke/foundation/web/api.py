"""What every API endpoint shares: who calls, at what time, under which key, and how refusals are answered."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, cast

import orjson
import structlog
from django.http import Http404, HttpRequest, HttpResponse
from ninja import NinjaAPI
from ninja.errors import HttpError, ValidationError
from ninja.parser import Parser
from ninja.renderers import BaseRenderer
from ninja.security import HttpBearer

from laoke.foundation.access import Caller
from laoke.foundation.apikeys import services as apikeys
from laoke.foundation.web.errors import Unexpected
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


class KeyAuth(HttpBearer):
    """An API key as bearer token. The caller is put on the request as `caller`."""

    openapi_name = "API key"
    openapi_description = "Authorization: Bearer lk_..."

    def __call__(self, request: HttpRequest) -> Any:
        found = apikeys.authenticate(request.headers.get("Authorization"), received_at(request))
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


class JsonParser(Parser):
    """Reads JSON strictly: numbers stay what they are, a body that is not JSON is refused with a problem."""

    def parse_body(self, request: HttpRequest) -> Any:
        try:
            return orjson.loads(request.body)
        except orjson.JSONDecodeError as error:
            raise MalformedBody(f"The body is not JSON: {error}") from None


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
            {"place": ".".join(str(part) for part in found["loc"]), "message": found["msg"]}
            for found in error.errors[:20]
        ]
        first = errors[0] if errors else {"place": "", "message": ""}
        return problem_response(
            request, InvalidRequest(f"{first['place']}: {first['message']}", errors=errors)
        )

    def http(request: HttpRequest, error: HttpError) -> HttpResponse:
        if error.status_code == 400:
            return problem_response(request, MalformedBody("The body cannot be read"))
        return problem_response(request, InvalidRequest(str(error)))

    def missing(request: HttpRequest, error: Http404) -> HttpResponse:
        return problem_response(request, NoSuchAddress("Nothing is served at this address"))

    def unexpected(request: HttpRequest, error: Exception) -> HttpResponse:
        request_id = str(getattr(request, "request_id", ""))
        log.error("request failed", request_id=request_id, exc_info=error)
        return problem_response(request, Unexpected(request_id))

    api.add_exception_handler(LaokeError, refused)
    api.add_exception_handler(ValidationError, invalid)
    api.add_exception_handler(HttpError, http)
    api.add_exception_handler(Http404, missing)
    api.add_exception_handler(Exception, unexpected)
