"""How to reach a database: what psycopg, Django and PostgreSQL's programs each want to be told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from psycopg.conninfo import make_conninfo


@dataclass(frozen=True)
class DatabaseTarget:
    """One database on one server. `home` is set when it is the embedded one, which may have to be started."""

    name: str
    user: str = ""
    password: str = field(default="", repr=False)
    host: str = ""
    port: str = ""
    options: Mapping[str, str] = field(default_factory=dict, repr=False)
    home: Path | None = None

    @property
    def embedded(self) -> bool:
        """Whether Laoke runs this server itself."""
        return self.home is not None

    def conninfo(self) -> str:
        """For psycopg.connect(). Holds the password: never print it."""
        return make_conninfo(**self._parts(), **({"password": self.password} if self.password else {}))

    def conninfo_without_password(self) -> str:
        """For command lines, which other accounts can read; the password goes into PGPASSWORD."""
        return make_conninfo(**{key: value for key, value in self._parts().items() if key not in _SECRETS})

    def secrets(self) -> dict[str, str]:
        """The environment that goes with `conninfo_without_password()`."""
        return {"PGPASSWORD": self.password} if self.password else {}

    def url(self) -> str:
        """The same as an address, for programs that take nothing else. Holds the password: never print it."""
        login = quote(self.user, safe="")
        if self.password:
            login += ":" + quote(self.password, safe="")
        query = dict(self.options)
        where = ""
        if self.host.startswith("/") or "," in self.host:
            query |= {"host": self.host} | ({"port": self.port} if self.port else {})
        else:
            where = (f"[{self.host}]" if ":" in self.host else self.host) + (
                f":{self.port}" if self.port else ""
            )
        at = f"{login}@" if login else ""
        return f"postgresql://{at}{where}/{quote(self.name, safe='')}" + (
            f"?{urlencode(query)}" if query else ""
        )

    def django_settings(self) -> dict[str, Any]:
        """One entry of Django's DATABASES. The caller adds what is policy: CONN_MAX_AGE, prepare_threshold."""
        return {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": self.name,
            "USER": self.user,
            "PASSWORD": self.password,
            "HOST": self.host,
            "PORT": self.port,
            "OPTIONS": dict(self.options),
        }

    def in_database(self, name: str) -> DatabaseTarget:
        """Another database on the same server."""
        return replace(self, name=name)

    def _parts(self) -> dict[str, str]:
        named = {"dbname": self.name, "user": self.user, "host": self.host, "port": self.port}
        return {key: value for key, value in named.items() if value} | dict(self.options)


_SECRETS = frozenset({"sslpassword", "oauth_client_secret"})
