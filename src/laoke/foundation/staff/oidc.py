"""The conversation with the identity provider: OpenID Connect, authorization code flow with PKCE.

Authlib has the rules of the standards (metadata, PKCE, the claims of an ID token), joserfc the signatures. The three
requests themselves are plain httpx: bounded in time and size, no redirects.

Source: OpenID Connect Core 1.0 (3.1), Discovery 1.0, RP-Initiated Logout 1.0, RFC 7636 (PKCE), RFC 9700 (current best
practice).
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast
from urllib.parse import quote, urlsplit

import httpx
import orjson
from authlib.common.security import generate_token
from authlib.common.urls import add_params_to_uri
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from authlib.oidc.core import CodeIDToken
from django.utils.translation import gettext as _
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from joserfc.jws import JWSRegistry

from laoke.foundation.config import Config
from laoke.foundation.staff.errors import SignOnRefused, SignOnUnavailable

_log = logging.getLogger(__name__)
# No shared secrets and no "none": whoever knows the client's secret could make tokens otherwise.
ALGORITHMS = (
    "RS256",
    "RS384",
    "RS512",
    "PS256",
    "PS384",
    "PS512",
    "ES256",
    "ES384",
    "ES512",
    "EdDSA",
    "Ed25519",
)
LEEWAY_SECONDS = 120
_TIMEOUT = httpx.Timeout(8.0, connect=4.0)
_MOST_BYTES = 1 << 20
_METADATA_SECONDS = 3600
_LONGEST_HINT = 6000


@dataclass(frozen=True, slots=True)
class Attempt:
    """One person on the way to the identity provider. All three are kept here and compared with what comes back."""

    state: str
    nonce: str
    verifier: str


@dataclass(frozen=True, slots=True)
class Arrival:
    """Whom the provider sent: the verified claims, and the ID token itself, which signing out there shows again."""

    claims: Mapping[str, Any]
    token: str


def begin(settings: Config, redirect_uri: str) -> tuple[Attempt, str]:
    """Start an attempt; the second part is the provider's address to go to.

    Raises:
        SignOnUnavailable.
    """
    attempt = Attempt(generate_token(32), generate_token(32), generate_token(64))
    address = _provider(settings).metadata()["authorization_endpoint"]
    parameters = [
        ("response_type", "code"),
        ("client_id", settings.oidc_client_id),
        ("redirect_uri", redirect_uri),
        ("scope", settings.oidc_scopes),
        ("state", attempt.state),
        ("nonce", attempt.nonce),
        ("code_challenge", create_s256_code_challenge(attempt.verifier)),
        ("code_challenge_method", "S256"),
    ]
    return attempt, str(add_params_to_uri(address, parameters))


def finish(settings: Config, attempt: Attempt, code: str, redirect_uri: str, *, at: datetime) -> Arrival:
    """Trade the code for the person's claims, which are verified: signature, issuer, audience, times, nonce.

    Raises:
        SignOnRefused: the code does not count, or the token is not for this attempt.
        SignOnUnavailable.
    """
    return _provider(settings).arrival(attempt, code, redirect_uri, at)


def leaving(settings: Config, token: str, back: str) -> str | None:
    """The provider's address to end the session there; None when it offers none.

    Args:
        token: the ID token of the session that ended here.
        back: where the provider is to lead afterwards; it has to know this address.
    Raises:
        SignOnUnavailable.
    """
    address = _provider(settings).metadata().get("end_session_endpoint")
    if not address:
        return None
    parameters = [("client_id", settings.oidc_client_id), ("post_logout_redirect_uri", back)]
    # Some servers take no address longer than 8 kB. Without the token the provider asks the person first.
    if len(token) <= _LONGEST_HINT:
        parameters.insert(0, ("id_token_hint", token))
    return str(add_params_to_uri(address, parameters))


class Provider:
    """One identity provider: where its endpoints are and which keys it signs with, as last asked."""

    def __init__(self, issuer: str, client_id: str, client_secret: str) -> None:
        self.issuer, self._client_id, self._client_secret = issuer, client_id, client_secret
        self._lock = threading.Lock()
        self._metadata: dict[str, Any] = {}
        self._keys: KeySet | None = None
        self._asked = float("-inf")

    def metadata(self) -> dict[str, Any]:
        """What the provider says about itself, asked anew every hour."""
        with self._lock:
            if time.monotonic() - self._asked > _METADATA_SECONDS:
                found = _json(_send("GET", f"{self.issuer.rstrip('/')}/.well-known/openid-configuration"))
                self._metadata, self._keys = self._checked(found), None
                self._asked = time.monotonic()
            return self._metadata

    def arrival(self, attempt: Attempt, code: str, redirect_uri: str, at: datetime) -> Arrival:
        """See `finish`."""
        answer = self._trade(attempt, code, redirect_uri)
        token = answer.get("id_token")
        if not isinstance(token, str):
            raise _unavailable("no id_token in the answer")
        try:
            decoded = self._decoded(token)
            claims = CodeIDToken(
                decoded.claims,
                decoded.header,
                {
                    "iss": {"essential": True, "value": self.metadata()["issuer"]},
                    "aud": {"essential": True, "value": self._client_id},
                    "sub": {"essential": True},
                },
                {
                    "nonce": attempt.nonce,
                    "client_id": self._client_id,
                    "access_token": answer.get("access_token"),
                },
            )
            claims.validate(now=int(at.timestamp()), leeway=LEEWAY_SECONDS)
        except (JoseError, ValueError, TypeError, KeyError) as error:
            _log.warning("the identity provider's token was refused: %s", type(error).__name__)
            raise SignOnRefused(
                _(
                    "What the sign-in service sent cannot be trusted. Try again, or tell whoever runs the server."
                )
            ) from None
        return Arrival(cast(Mapping[str, Any], claims), token)

    def _trade(self, attempt: Attempt, code: str, redirect_uri: str) -> dict[str, Any]:
        metadata = self.metadata()
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": redirect_uri,
            "code_verifier": attempt.verifier,
        }
        # Without a word from the provider, the standard says basic authentication (Discovery 1.0, section 3).
        methods = metadata.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
        auth: tuple[str, str] | None = None
        if "client_secret_basic" in methods:
            # Form-encoded first (RFC 6749, 2.3.1): a colon in the name would otherwise end it.
            auth = quote(self._client_id, safe=""), quote(self._client_secret, safe="")
        else:
            form |= {"client_id": self._client_id, "client_secret": self._client_secret}
        response = _send("POST", metadata["token_endpoint"], data=form, auth=auth)
        if response.status_code in (400, 401, 403):
            _log.warning("the identity provider refused the code: %s", response.status_code)
            raise SignOnRefused(_("The sign-in service did not confirm the sign-in. Try again."))
        return _json(response)

    def _decoded(self, token: str) -> jwt.Token:
        offered = self.metadata().get("id_token_signing_alg_values_supported") or ["RS256"]
        allowed = [name for name in offered if name in ALGORITHMS]
        registry = JWSRegistry(algorithms=allowed, strict_check_header=False)
        try:
            return jwt.decode(token, self._key_set(), registry=registry)
        except (JoseError, ValueError):
            # The provider may have changed its keys since they were asked for; a bad signature asks once more, too.
            return jwt.decode(token, self._key_set(fresh=True), registry=registry)

    def _key_set(self, *, fresh: bool = False) -> KeySet:
        address = self.metadata()["jwks_uri"]
        with self._lock:
            if self._keys is None or fresh:
                found = _json(_send("GET", address))
                try:
                    self._keys = KeySet.import_key_set(found)  # type: ignore[arg-type]
                except (JoseError, ValueError, TypeError, KeyError) as error:
                    raise _unavailable(f"its keys cannot be read: {error}") from None
            return self._keys

    def _checked(self, metadata: dict[str, Any]) -> dict[str, Any]:
        if metadata.get("issuer") != self.issuer:
            raise _unavailable(f"it calls itself {metadata.get('issuer')!r}")
        for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
            if not self._trusted(metadata.get(name)):
                raise _unavailable(f"its {name} is not an https address")
        if "end_session_endpoint" in metadata and not self._trusted(metadata["end_session_endpoint"]):
            _log.warning("the identity provider's end_session_endpoint is not an https address: not used")
            del metadata["end_session_endpoint"]
        return metadata

    def _trusted(self, address: object) -> bool:
        """Only a provider that is itself asked in clear, on this machine, may name addresses in clear."""
        if not isinstance(address, str):
            return False
        scheme = urlsplit(address).scheme
        return scheme == "https" or (scheme == "http" and self.issuer.startswith("http://"))


_providers: dict[tuple[str, str, str], Provider] = {}


def _provider(settings: Config) -> Provider:
    key = settings.oidc_issuer, settings.oidc_client_id, settings.oidc_client_secret
    if key not in _providers:
        _providers[key] = Provider(*key)
    return _providers[key]


def _send(
    method: str, address: str, *, data: dict[str, str] | None = None, auth: tuple[str, str] | None = None
) -> httpx.Response:
    headers = {"Accept": "application/json"}
    try:
        with (
            httpx.Client(timeout=_TIMEOUT, headers=headers, follow_redirects=False) as client,
            client.stream(method, address, data=data, auth=auth) as response,
        ):
            body = b""
            for part in response.iter_bytes():
                body += part
                if len(body) > _MOST_BYTES:
                    raise _unavailable("its answer is too long")
            return httpx.Response(response.status_code, content=body)
    except (httpx.HTTPError, httpx.InvalidURL, OSError, UnicodeError) as error:
        raise _unavailable(type(error).__name__) from None


def _json(response: httpx.Response) -> dict[str, Any]:
    if response.status_code != 200:
        raise _unavailable(f"it answered {response.status_code}")
    try:
        found = orjson.loads(response.content)
    except orjson.JSONDecodeError:
        raise _unavailable("its answer is not JSON") from None
    if not isinstance(found, dict):
        raise _unavailable("its answer is not an object")
    return found


def _unavailable(why: str) -> SignOnUnavailable:
    _log.warning("the identity provider cannot be used: %s", why)
    return SignOnUnavailable(
        _(
            "The sign-in service cannot be reached at the moment. Sign in with your password, or try again later."
        )
    )
