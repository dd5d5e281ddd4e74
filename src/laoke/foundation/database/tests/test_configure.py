"""Which database: DATABASE_URL read into what Django and psycopg want."""

from __future__ import annotations

from pathlib import Path

import pytest
from psycopg.conninfo import conninfo_to_dict

from laoke.foundation.database import Cluster, DatabaseTarget, available, parse_url, resolve
from laoke.foundation.database.errors import DatabaseUrlMalformed

READ = [
    # url, (name, user, password, host, port, options)
    ("postgresql://db.example.com/shop", ("shop", "", "", "db.example.com", "", {})),
    ("postgres://ann:pw@db.example.com:6432/shop", ("shop", "ann", "pw", "db.example.com", "6432", {})),
    ("postgresql://a%40b:p%2Fw%3A%25%23@h/s%20t", ("s t", "a@b", "p/w:%#", "h", "", {})),
    ("postgresql://ann:p:w@h/shop", ("shop", "ann", "p:w", "h", "", {})),
    ("postgresql://ann@[::1]:5433/shop", ("shop", "ann", "", "::1", "5433", {})),
    ("postgresql://%2Fvar%2Frun%2Fpg/shop", ("shop", "", "", "/var/run/pg", "", {})),
    ("postgresql://ann:pw@/shop?host=/run/pg&port=5433", ("shop", "ann", "pw", "/run/pg", "5433", {})),
    ("postgresql:///shop?host=one,two&port=5432,5433", ("shop", "", "", "one,two", "5432,5433", {})),
    (
        "postgresql://ann@h/shop?sslmode=verify-full&sslrootcert=/etc/ca.pem&connect_timeout=5",
        (
            "shop", "ann", "", "h", "",
            {"sslmode": "verify-full", "sslrootcert": "/etc/ca.pem", "connect_timeout": "5"},
        ),
    ),
    ("postgresql://h/shop?options=-c%20jit%3Doff", ("shop", "", "", "h", "", {"options": "-c jit=off"})),
    ("postgresql:///?dbname=shop&user=ann&password=pw&host=h", ("shop", "ann", "pw", "h", "", {})),
    ("postgresql://老客:积分@h/商店", ("商店", "老客", "积分", "h", "", {})),
]  # fmt: skip

REFUSED = [
    # url, what the sentence says; every one holds the password "hunter2"
    ("mysql://ann:hunter2@h/shop", "begin with postgresql://"),
    ("ann:hunter2@h/shop", "begin with postgresql://"),
    ("postgresql://ann:hunter2@h", "names no database"),
    ("postgresql://ann:hunter2@h/", "names no database"),
    ("postgresql://ann:hunter2@h:port/shop", "a port that is not a whole number"),
    ("postgresql://ann:hunter2@h:70000/shop", "from 1 to 65535"),
    ("postgresql://ann:hunter2@h:٣/shop", "a port that is not a whole number"),
    ("postgresql://ann:hunter2#x@h/shop", "%23"),
    ("postgresql://ann:hunter2/x@h/shop", "%2F"),
    ("postgresql://ann:hunter2?x@h/shop", "%3F"),
    ("postgresql://ann:hunter2@x@h/shop", "%40"),
    ("postgresql://ann:hunter2%zz@h/shop", "%25"),
    ("postgresql://ann:hunter2[@h/shop", "%5B"),
    ("postgresql://ann:hunter2 x@h/shop", "%20"),
    ("postgresql://ann:hunter2@::1/shop", "square brackets"),
    ("postgresql://ann:hunter2@one,two/shop", "several servers"),
    ("postgresql://ann:hunter2@h/shop/more", "slash in the database's name"),
    ("postgresql://ann:hunter2@h/shop?sslmode=on", "sslmode has to be one of"),
    ("postgresql://ann:hunter2@h/shop?ssl_mode=require", "an option that PostgreSQL does not know"),
    ("postgresql://ann:hunter2@h/shop?require", "not name=value"),
]


@pytest.mark.parametrize(("url", "parts"), READ, ids=[url for url, _ in READ])
def test_an_address_is_read_in_all_its_parts(url: str, parts: tuple[object, ...]) -> None:
    target = parse_url(url)
    assert (target.name, target.user, target.password, target.host, target.port, target.options) == parts
    assert not target.embedded
    assert parse_url(target.url()) == target


@pytest.mark.parametrize(("url", "mend"), REFUSED, ids=[mend for _, mend in REFUSED])
def test_a_malformed_address_is_told_how_to_mend_and_keeps_its_secret(url: str, mend: str) -> None:
    with pytest.raises(DatabaseUrlMalformed) as refusal:
        parse_url(url)
    assert mend in refusal.value.detail
    assert "hunter2" not in refusal.value.detail
    assert refusal.value.__suppress_context__ or refusal.value.__context__ is None


def test_django_and_psycopg_are_told_the_same() -> None:
    target = parse_url("postgresql://ann:p%20w@h:6432/shop?sslmode=require")
    assert target.django_settings() == {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": "shop",
        "USER": "ann",
        "PASSWORD": "p w",
        "HOST": "h",
        "PORT": "6432",
        "OPTIONS": {"sslmode": "require"},
    }
    parts = {"dbname": "shop", "user": "ann", "host": "h", "port": "6432", "sslmode": "require"}
    assert conninfo_to_dict(target.conninfo()) == parts | {"password": "p w"}
    assert conninfo_to_dict(target.conninfo_without_password()) == parts
    assert target.secrets() == {"PGPASSWORD": "p w"}


def test_a_target_shows_no_password() -> None:
    assert "hunter2" not in repr(
        DatabaseTarget("shop", "ann", "hunter2", "h", options={"sslpassword": "hunter2"})
    )


def test_database_url_wins_and_nothing_is_made_or_started(tmp_path: Path) -> None:
    home = tmp_path / "home"
    target = resolve({"DATABASE_URL": " postgresql://h/shop\n"}, home)
    assert (target.name, target.embedded) == ("shop", False)
    with available(target) as same:
        assert same is target
    assert not home.exists()


@pytest.mark.parametrize("environ", [{}, {"DATABASE_URL": ""}, {"DATABASE_URL": "  "}])
def test_without_it_the_embedded_database_is_used_and_started_when_needed(
    cluster: Cluster, environ: dict[str, str]
) -> None:
    target = resolve(environ, cluster.home)
    assert target == cluster.target()
    assert target.embedded
    assert cluster.status().alive is False
    with available(target):
        assert cluster.status().ready
    assert cluster.status().alive is False


def test_the_address_of_the_embedded_database_works_as_a_database_url(shared: Cluster) -> None:
    target = parse_url(shared.url())
    assert target.conninfo() == shared.conninfo()
    assert target.django_settings() == shared.django_settings()
