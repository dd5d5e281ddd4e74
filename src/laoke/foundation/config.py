"""Settings from the environment. A bad value stops the start with a sentence that says how to mend it."""

from __future__ import annotations

import base64
import binascii
import json
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, available_timezones

from laoke.kernel.errors import LaokeError


class BadSetting(LaokeError):
    """A LAOKE_* variable holds something that cannot be used."""

    code: ClassVar[str] = "bad-setting"
    status: ClassVar[int] = 500
    title: ClassVar[str] = "A setting cannot be used"

    def __init__(self, name: str, mend: str) -> None:
        super().__init__(f"{name}: {mend}", setting=name)


LANGUAGES = ("zh-hans", "en")
# The values of access.Role, which cannot be imported here: it needs Django, and settings are read without.
ROLES = (
    "owner",
    "operations",
    "analyst",
    "finance",
    "store_manager",
    "associate",
    "customer_service",
    "auditor",
)
LOG_LEVELS = ("debug", "info", "warning", "error")
LOG_FORMATS = ("text", "json")


@dataclass(frozen=True, slots=True)
class Config:
    """Everything the environment decides. The reference page docs/reference/settings.md lists it."""

    home: Path
    secret_key: str = field(repr=False)
    data_key: bytes = field(repr=False)
    index_key: bytes = field(repr=False)
    old_data_keys: tuple[bytes, ...] = field(default=(), repr=False)
    time_zone: str = "Asia/Shanghai"
    currency: str = "CNY"
    country: str = "CN"
    language: str = "zh-hans"
    host: str = "127.0.0.1"
    port: int = 8000
    web_workers: int = 2
    allowed_hosts: tuple[str, ...] = ("localhost", "127.0.0.1", "[::1]")
    https: bool = False
    log_level: str = "info"
    log_format: str = "text"
    memory_mb: int = 1024
    upload_mb: int = 2048
    webhooks_to_private: bool = False
    trusted_proxies: int = 0
    oidc_issuer: str = ""
    oidc_client_id: str = ""
    oidc_client_secret: str = field(default="", repr=False)
    oidc_name: str = ""
    oidc_scopes: str = "openid profile email"
    oidc_user_claim: str = ""
    oidc_role_claim: str = ""
    oidc_roles: tuple[str, ...] = ()
    oidc_create_role: str = ""

    @property
    def zone(self) -> ZoneInfo:
        """The programme's time zone: business days, windows and reviews are counted in it."""
        return ZoneInfo(self.time_zone)


def default_home(environ: Mapping[str, str]) -> Path:
    """Where data lives when LAOKE_HOME does not say."""
    if os.geteuid() == 0:
        return Path("/var/lib/laoke")
    base = environ.get("XDG_DATA_HOME") or str(
        Path(environ.get("HOME", "~")).expanduser() / ".local" / "share"
    )
    return Path(base) / "laoke"


def read(environ: Mapping[str, str]) -> Config:
    """Build the Config from LAOKE_* variables.

    Raises:
        BadSetting: a value that cannot be used, or a LAOKE_* name that does not exist (a typing error would
            otherwise be silently ignored).
    """
    known = set(_READERS) | _ELSEWHERE
    for name in environ:
        if name.startswith("LAOKE_") and name not in known:
            raise BadSetting(name, f"there is no such setting. Known are {', '.join(sorted(known))}")
    home = Path(environ.get("LAOKE_HOME") or default_home(environ)).expanduser().absolute()
    values: dict[str, object] = {}
    for name, (attribute, reader) in _READERS.items():
        if text := environ.get(name, "").strip():
            values[attribute] = reader(name, text)
    missing = {"secret_key", "data_key", "index_key"} - set(values)
    if missing:
        stored = _stored_secrets(home)
        for attribute in missing:
            name = f"LAOKE_{attribute.upper()}"
            values[attribute] = _READERS[name][1](f"{name} in {home / 'secrets.json'}", stored[attribute])
    config = Config(home=home, **values)  # type: ignore[arg-type]
    _check_sign_on(config)
    return config


def _check_sign_on(config: Config) -> None:
    """Half an identity provider is a typing error: it would show a button that cannot work."""
    needed = {
        "LAOKE_OIDC_ISSUER": config.oidc_issuer,
        "LAOKE_OIDC_CLIENT_ID": config.oidc_client_id,
        "LAOKE_OIDC_CLIENT_SECRET": config.oidc_client_secret,
    }
    if any(needed.values()) and not all(needed.values()):
        missing = next(name for name, value in needed.items() if not value)
        raise BadSetting(missing, f"is missing: {', '.join(needed)} belong together")
    if config.oidc_roles and not config.oidc_role_claim:
        raise BadSetting("LAOKE_OIDC_ROLE_CLAIM", "is missing: LAOKE_OIDC_ROLES says what its values mean")
    if config.oidc_role_claim and not config.oidc_roles:
        raise BadSetting(
            "LAOKE_OIDC_ROLES", "is missing: it says which value of LAOKE_OIDC_ROLE_CLAIM means which role"
        )


def _stored_secrets(home: Path) -> dict[str, str]:
    """The secrets kept in the data folder, made on the first start. Only this account may read them."""
    path = home / "secrets.json"
    try:
        stored = json.loads(path.read_text(encoding="utf-8"))
        return {name: str(stored[name]) for name in ("secret_key", "data_key", "index_key")}
    except FileNotFoundError:
        pass
    except (OSError, ValueError, KeyError) as error:
        raise BadSetting(
            "LAOKE_HOME",
            f"{path} cannot be read ({error}). Put the file back from a backup; "
            "without its keys the personal data in the database cannot be decrypted",
        ) from None
    fresh = {
        "secret_key": secrets.token_urlsafe(48),
        "data_key": base64.b64encode(secrets.token_bytes(32)).decode(),
        "index_key": base64.b64encode(secrets.token_bytes(32)).decode(),
    }
    try:
        home.mkdir(parents=True, exist_ok=True)
        # Written whole under another name and linked: of two processes starting at once, one wins.
        draft = home / f".secrets-{os.getpid()}-{secrets.token_hex(4)}"
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            json.dump(fresh, file, indent=1)
        try:
            os.link(draft, path)
        except FileExistsError:
            return _stored_secrets(home)
        finally:
            draft.unlink()
    except OSError as error:
        raise BadSetting(
            "LAOKE_HOME", f"{home} cannot be written ({error.strerror}). Choose a folder that can"
        ) from None
    return fresh


def _text(name: str, text: str) -> str:
    return text


def _secret(name: str, text: str) -> str:
    if len(text) < 32:
        raise BadSetting(name, "takes at least 32 characters. `openssl rand -base64 48` makes a good one")
    return text


def _key(name: str, text: str) -> bytes:
    try:
        key = base64.b64decode(text, validate=True)
    except binascii.Error:
        key = b""
    if len(key) != 32:
        raise BadSetting(name, "takes 32 random bytes in base64. `openssl rand -base64 32` makes them")
    return key


def _keys(name: str, text: str) -> tuple[bytes, ...]:
    return tuple(_key(name, part.strip()) for part in text.split(","))


def _zone(name: str, text: str) -> str:
    if text not in available_timezones():
        raise BadSetting(name, f"{text!r} is not a time zone of the tz database. An example: Asia/Shanghai")
    return text


def _currency(name: str, text: str) -> str:
    if not (len(text) == 3 and text.isascii() and text.isupper()):
        raise BadSetting(name, f"{text!r} is not an ISO 4217 code. An example: CNY")
    return text


def _country(name: str, text: str) -> str:
    if not (len(text) == 2 and text.isascii() and text.isupper()):
        raise BadSetting(name, f"{text!r} is not an ISO 3166 code of two capital letters. An example: CN")
    return text


def _one_of(*allowed: str):  # type: ignore[no-untyped-def]
    def read_choice(name: str, text: str) -> str:
        if text.lower() not in allowed:
            raise BadSetting(name, f"{text!r} is not one of {', '.join(allowed)}")
        return text.lower()

    return read_choice


def _number(low: int, high: int):  # type: ignore[no-untyped-def]
    def read_number(name: str, text: str) -> int:
        if not (text.isascii() and text.isdigit() and low <= int(text) <= high):
            raise BadSetting(name, f"{text!r} is not a whole number from {low} to {high}")
        return int(text)

    return read_number


def _yes_no(name: str, text: str) -> bool:
    words = {
        "1": True,
        "true": True,
        "yes": True,
        "on": True,
        "0": False,
        "false": False,
        "no": False,
        "off": False,
    }
    if text.lower() not in words:
        raise BadSetting(name, f"{text!r} is neither yes nor no")
    return words[text.lower()]


def _hosts(name: str, text: str) -> tuple[str, ...]:
    hosts = tuple(host.strip() for host in text.split(",") if host.strip())
    if any("/" in host for host in hosts):
        raise BadSetting(name, f"{text!r} takes host names separated by commas, without https:// and paths")
    return hosts


def _issuer(name: str, text: str) -> str:
    parts = urlsplit(text)
    local = parts.scheme == "http" and parts.hostname in ("localhost", "127.0.0.1", "::1")
    if not (parts.hostname and (parts.scheme == "https" or local)) or parts.query or parts.fragment:
        raise BadSetting(
            name,
            f"{text!r} is not an https address without query. An example: https://id.example.com/realms/shop",
        )
    return text


def _scopes(name: str, text: str) -> str:
    scopes = text.split()
    if "openid" not in scopes:
        raise BadSetting(name, f"{text!r} does not hold openid. An example: openid profile email groups")
    return " ".join(scopes)


def _role(name: str, text: str) -> str:
    if text not in ROLES:
        raise BadSetting(name, f"{text!r} is not a role. Known are {', '.join(ROLES)}")
    return text


def _roles(name: str, text: str) -> tuple[str, ...]:
    pairs = tuple(pair.strip() for pair in text.split(",") if pair.strip())
    for pair in pairs:
        value, equals, role = pair.rpartition("=")
        if not (equals and value):
            raise BadSetting(
                name, f"{pair!r} is not value=role. An example: head-office=owner,shops=associate"
            )
        _role(name, role)
    return pairs


_READERS = {
    "LAOKE_SECRET_KEY": ("secret_key", _secret),
    "LAOKE_DATA_KEY": ("data_key", _key),
    "LAOKE_INDEX_KEY": ("index_key", _key),
    "LAOKE_OLD_DATA_KEYS": ("old_data_keys", _keys),
    "LAOKE_TIME_ZONE": ("time_zone", _zone),
    "LAOKE_CURRENCY": ("currency", _currency),
    "LAOKE_COUNTRY": ("country", _country),
    "LAOKE_LANGUAGE": ("language", _one_of(*LANGUAGES)),
    "LAOKE_HOST": ("host", _text),
    "LAOKE_PORT": ("port", _number(1, 65535)),
    "LAOKE_WEB_WORKERS": ("web_workers", _number(1, 64)),
    "LAOKE_ALLOWED_HOSTS": ("allowed_hosts", _hosts),
    "LAOKE_HTTPS": ("https", _yes_no),
    "LAOKE_LOG_LEVEL": ("log_level", _one_of(*LOG_LEVELS)),
    "LAOKE_LOG_FORMAT": ("log_format", _one_of(*LOG_FORMATS)),
    "LAOKE_WEBHOOKS_TO_PRIVATE": ("webhooks_to_private", _yes_no),
    "LAOKE_MEMORY_MB": ("memory_mb", _number(256, 1_000_000)),
    "LAOKE_UPLOAD_MB": ("upload_mb", _number(1, 1_000_000)),
    "LAOKE_TRUSTED_PROXIES": ("trusted_proxies", _number(0, 9)),
    "LAOKE_OIDC_ISSUER": ("oidc_issuer", _issuer),
    "LAOKE_OIDC_CLIENT_ID": ("oidc_client_id", _text),
    "LAOKE_OIDC_CLIENT_SECRET": ("oidc_client_secret", _text),
    "LAOKE_OIDC_NAME": ("oidc_name", _text),
    "LAOKE_OIDC_SCOPES": ("oidc_scopes", _scopes),
    "LAOKE_OIDC_USER_CLAIM": ("oidc_user_claim", _text),
    "LAOKE_OIDC_ROLE_CLAIM": ("oidc_role_claim", _text),
    "LAOKE_OIDC_ROLES": ("oidc_roles", _roles),
    "LAOKE_OIDC_CREATE_ROLE": ("oidc_create_role", _role),
}
# Read by others: the home by this module before the rest, the test data by the tests.
_ELSEWHERE = {"LAOKE_HOME", "LAOKE_SHARED_DATA"}


def names() -> dict[str, str]:
    """The attribute of Config behind each LAOKE_* variable, LAOKE_HOME aside."""
    return {name: attribute for name, (attribute, _) in _READERS.items()}
