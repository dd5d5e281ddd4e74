"""An OpenID Connect provider on a real socket: discovery, keys, codes, tokens. What it does wrong can be chosen."""

from __future__ import annotations

import base64
import hashlib
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from joserfc import jwt
from joserfc.jwk import RSAKey

# Made once: looking for large primes takes longer than the tests.
KEYS = [RSAKey.generate_key(2048, private=True) for _ in range(3)]
CLIENT, SECRET = "laoke:console", "s3cret/with signs"


def named(key: RSAKey, kid: str) -> RSAKey:
    """The key as it is published under a name."""
    return RSAKey.import_key(key.as_dict(private=True) | {"kid": kid, "use": "sig"})


class Provider:
    """One provider. `claims` go into the next token over the right ones; None takes one out."""

    def __init__(self, now: int) -> None:
        self.now = now
        self.key = named(KEYS[0], "first")
        self.sign_with: RSAKey | None = None  # another key than the published one
        self.algorithm = "RS256"
        self.claims: dict[str, Any] = {}
        self.metadata: dict[str, Any] = {}
        self.status: dict[str, int] = {}  # path: the answer instead
        self.asked: list[str] = []
        self.granted: dict[str, dict[str, str]] = {}
        self.tokens: list[str] = []  # as they were handed out
        self.left: list[dict[str, str]] = []  # what was asked of those who signed out
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                outer.answer(self, urlsplit(self.path).path, {})

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                outer.answer(
                    self,
                    urlsplit(self.path).path,
                    {name: values[0] for name, values in parse_qs(body).items()},
                )

            def log_message(self, *args: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.issuer = f"http://127.0.0.1:{self._server.server_port}/shop"
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def stop(self) -> None:
        """Close the socket."""
        self._server.shutdown()
        self._server.server_close()

    def rotate(self, key: RSAKey, kid: str) -> None:
        """Sign with another key from now on, published under its name."""
        self.key = named(key, kid)

    def sign_in(self, address: str, **claims: Any) -> str:
        """What a browser would do at the provider: agree. Gives back the address it is sent to."""
        asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        assert asked["client_id"] == CLIENT
        assert asked["response_type"] == "code"
        assert asked["code_challenge_method"] == "S256"
        self.claims = claims
        code = f"code-{len(self.granted)}"
        self.granted[code] = asked
        return f"{asked['redirect_uri']}?code={code}&state={asked['state']}"

    def sign_out(self, address: str) -> str:
        """What the provider does when a browser is led there to sign out. Gives back where it leads to."""
        asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        told = jwt.decode(asked["id_token_hint"], self.key, algorithms=[self.algorithm]).claims
        assert (told["iss"], told["aud"]) == (self.issuer, asked["client_id"])
        self.left.append(asked | {"sub": told["sub"]})
        return asked["post_logout_redirect_uri"]

    def answer(self, handler: BaseHTTPRequestHandler, path: str, form: dict[str, str]) -> None:
        """Answer one request."""
        self.asked.append(path)
        status, body = self.status.get(path, 200), {}
        if status == 200:
            if path == "/shop/.well-known/openid-configuration":
                body = {
                    "issuer": self.issuer,
                    "authorization_endpoint": f"{self.issuer}/authorize?theme=shop",
                    "token_endpoint": f"{self.issuer}/token",
                    "end_session_endpoint": f"{self.issuer}/logout?theme=shop",
                    "jwks_uri": f"{self.issuer}/keys",
                    "id_token_signing_alg_values_supported": ["RS256", "HS256", "none"],
                } | self.metadata
            elif path == "/shop/keys":
                body = {"keys": [self.key.as_dict(private=False)]}
            elif path == "/shop/logout":
                leads = self.sign_out(handler.path)
                handler.send_response(302)
                handler.send_header("Location", leads)
                handler.send_header("Content-Length", "0")
                handler.end_headers()
                return
            elif path == "/shop/token":
                status, body = self._token(handler, form)
            else:
                status = 404
        sent = json.dumps(body).encode()
        handler.send_response(status)
        handler.send_header("Content-Type", "application/json")
        handler.send_header("Content-Length", str(len(sent)))
        handler.end_headers()
        handler.wfile.write(sent)

    def _token(self, handler: BaseHTTPRequestHandler, form: dict[str, str]) -> tuple[int, dict[str, Any]]:
        if "client_secret" in form:
            client = form["client_id"], form["client_secret"]
        else:
            told = base64.b64decode(handler.headers["Authorization"].removeprefix("Basic ")).decode()
            client = tuple(unquote(part) for part in told.split(":"))  # type: ignore[assignment]
        if client != (CLIENT, SECRET):
            return 401, {"error": "invalid_client"}
        asked = self.granted.pop(form["code"], None)
        verifier = hashlib.sha256(form["code_verifier"].encode()).digest()
        challenge = base64.urlsafe_b64encode(verifier).rstrip(b"=").decode()
        if (
            asked is None
            or asked["code_challenge"] != challenge
            or asked["redirect_uri"] != form["redirect_uri"]
        ):
            return 400, {"error": "invalid_grant"}
        claims = {
            "iss": self.issuer,
            "aud": CLIENT,
            "sub": "subject-1",
            "iat": self.now,
            "exp": self.now + 300,
            "nonce": asked["nonce"],
            "preferred_username": "li",
        } | self.claims
        claims = {name: value for name, value in claims.items() if value is not None}
        key = self.sign_with or self.key
        header = {"alg": self.algorithm, "kid": self.key.kid}
        token = jwt.encode(header, claims, key, algorithms=[self.algorithm])
        self.tokens.append(token)
        return 200, {"access_token": "opaque", "token_type": "Bearer", "id_token": token}
