"""Choose the database: DATABASE_URL where it is set, else the embedded one."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

from psycopg import pq

from laoke.foundation.database.cluster import Cluster
from laoke.foundation.database.errors import DatabaseUrlMalformed
from laoke.foundation.database.target import DatabaseTarget

EXAMPLE = "postgresql://laoke:PASSWORD@db.example.com:5432/laoke?sslmode=require"
_PARTS = {"host", "port", "user", "password", "dbname"}
_SSL_MODES = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")


def resolve(environ: Mapping[str, str], home: Path) -> DatabaseTarget:
    """The database to use: DATABASE_URL wins, and then nothing is ever started.

    For the embedded database this makes the home and its password if they are not there yet, but starts nothing: see
    `available()`.

    Raises:
        DatabaseUrlMalformed: DATABASE_URL cannot be read.
        DatabaseHomeUnusable: the home cannot be used by this account.
    """
    if url := environ.get("DATABASE_URL", "").strip():
        return parse_url(url)
    return Cluster(home).target()


@contextmanager
def available(target: DatabaseTarget, timeout: float = 60.0) -> Iterator[DatabaseTarget]:
    """Have the database running for the length of the block, starting and stopping the embedded one as needed."""
    if target.home is None:
        yield target
        return
    with Cluster(target.home).running(timeout):
        yield target


def parse_url(url: str) -> DatabaseTarget:
    """Read postgresql://user:password@host:port/name?option=value, percent-encoded where needed.

    A socket's folder goes into the host (percent-encoded) or into the option `host`. Every option of libpq is taken.

    Raises:
        DatabaseUrlMalformed: with a sentence that says how to mend it and repeats no part that may hold a password.
    """
    if not re.match(r"(postgres|postgresql)://", url):
        raise DatabaseUrlMalformed(f"has to begin with postgresql://. An example: {EXAMPLE}")
    if re.search(r"\s", url):
        raise DatabaseUrlMalformed("holds a space or line break. Write a space in a name or password as %20")
    if re.search(r"%(?![0-9A-Fa-f]{2})", url):
        raise DatabaseUrlMalformed("holds a % that begins no code. Write % in a password as %25")
    try:
        parts = urlsplit(url)
    except ValueError:
        raise DatabaseUrlMalformed(
            "has square brackets that do not hold an IPv6 address. Write [ and ] in a password as %5B and %5D"
        ) from None
    if parts.fragment or url.endswith("#"):
        raise DatabaseUrlMalformed("holds a #. Write # in a password as %23")
    if "@" in parts.path or "@" in parts.query:
        # A slash or question mark in the password ended the part that names the server.
        raise DatabaseUrlMalformed(
            "has an @ behind the first / or ?. In a user name or password write / as %2F, ? as %3F and @ as %40"
        )
    if parts.netloc.count("@") > 1:
        raise DatabaseUrlMalformed("holds more than one @. Write @ in a user name or password as %40")
    options = _options(parts.query)
    login, _, where = parts.netloc.rpartition("@")
    user, _, password = login.partition(":")
    host, port = _server(where)
    target = DatabaseTarget(
        name=options.pop("dbname", "") or unquote(parts.path.removeprefix("/")),
        user=options.pop("user", "") or unquote(user),
        password=options.pop("password", "") or unquote(password),
        host=options.pop("host", "") or host,
        port=options.pop("port", "") or port,
        options=options,
    )
    if not target.name:
        raise DatabaseUrlMalformed(f"names no database. It stands behind the last slash: {EXAMPLE}")
    if not all(
        piece.isascii() and piece.isdigit() and 0 < int(piece) < 65536 for piece in _pieces(target.port)
    ):
        raise DatabaseUrlMalformed("has a port that is not a whole number from 1 to 65535, such as 5432")
    if "/" in target.name:
        raise DatabaseUrlMalformed(
            "has a slash in the database's name. One slash, then the name, then the end or ?"
        )
    return target


def _server(where: str) -> tuple[str, str]:
    if "," in where:
        raise DatabaseUrlMalformed(
            "names several servers. Write them as options: ?host=first,second&port=5432,5433"
        )
    match = re.fullmatch(r"(\[[0-9A-Fa-f:.%]+\]|[^:\[\]]*)(?::(.*))?", where)
    if match is None or ":" in (match[2] or ""):
        raise DatabaseUrlMalformed(
            "has more than one colon behind the @. An IPv6 address stands in square brackets: [::1]:5432"
        )
    return unquote(match[1].strip("[]")), match[2] or ""


def _options(query: str) -> dict[str, str]:
    try:
        pairs = parse_qsl(query, keep_blank_values=True, strict_parsing=True) if query else []
    except ValueError:
        raise DatabaseUrlMalformed(
            "has something behind the ? that is not name=value. Several options are joined by &"
        ) from None
    known = {option.keyword.decode() for option in pq.Conninfo.get_defaults()} | _PARTS
    options: dict[str, str] = {}
    for name, value in pairs:
        if name not in known:
            # The name is not repeated: with a stray ? in the password it would be a piece of it.
            raise DatabaseUrlMalformed(
                "has an option that PostgreSQL does not know behind the ?. Often used are sslmode, sslrootcert, "
                "connect_timeout and target_session_attrs; ? in a password is written %3F"
            )
        if name == "sslmode" and value not in _SSL_MODES:
            raise DatabaseUrlMalformed(f"sslmode has to be one of {', '.join(_SSL_MODES)}")
        options[name] = value
    return options


def _pieces(port: str) -> list[str]:
    return port.split(",") if port else []
