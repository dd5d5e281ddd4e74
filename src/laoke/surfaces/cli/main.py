"""The `laoke` command. Commands of one subject stand in a file of their own; here they come together."""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer

from laoke.surfaces.cli import (
    apikeys,
    backtest,
    backup,
    benefits,
    coupons,
    expire,
    importing,
    members,
    memberships,
    offers,
    points,
    programme,
    recompute,
    reseal,
    settings,
    staff,
    tier_previews,
    tiers,
    webhooks,
)
from laoke.surfaces.cli.output import Json, emit
from laoke.surfaces.cli.session import Exit, now, ready, refusals, say

app = typer.Typer(
    name="laoke",
    help=(
        "Laoke 老客: the loyalty platform that retailers run themselves.\n\n"
        "Exit codes: 0 done, 1 a check found differences, 2 refused (stderr says why), 130 stopped."
    ),
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"laoke {version('laoke')}")
        raise typer.Exit


@app.callback()
def laoke(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Options before the command."""


@app.command()
def up() -> None:
    """Start the database, web and worker, and keep them running until Ctrl-C.

    Example: LAOKE_PORT=8080 laoke up
    """
    from laoke.foundation import config as configuration
    from laoke.surfaces.cli import up as processes

    with refusals():
        config = configuration.read(os.environ)
        with processes.alone(config), ready(migrate=True):
            from django.conf import settings as django_settings

            say(f"Laoke listens on {processes.address(config)} (Ctrl-C stops it)")
            code = processes.run(config, django_settings.DATABASE_TARGET)
    sys.exit(code)


@app.command()
def demo(
    members: Annotated[int, typer.Option(min=100, max=1_000_000, help="Size of the shop.")] = 5_000,
    only_build: Annotated[
        bool, typer.Option("--only-build", help="Build the shop and do not start it.")
    ] = False,
) -> None:
    """Build the demo shop 禾邻生活 (once) and start it. Logs warnings only, unless LAOKE_LOG_LEVEL says otherwise.

    Example: laoke demo --members 100000
    """
    from contextlib import nullcontext

    from laoke.foundation import config as configuration
    from laoke.surfaces.cli import up as processes

    # A line for every request would bury the ways in; who wants to see them says so.
    os.environ.setdefault("LAOKE_LOG_LEVEL", "warning")
    with refusals():
        config = configuration.read(os.environ)
        with nullcontext() if only_build else processes.alone(config), ready(migrate=True):
            from django.conf import settings as django_settings

            from laoke.surfaces.cli import demo as shop

            access = shop.build(members, now())
            typer.echo(shop.ways_in(access, config, running=not only_build))
            code = 0 if only_build else processes.run(config, django_settings.DATABASE_TARGET)
    sys.exit(code)


@app.command()
def migrate() -> None:
    """Bring the tables up to this version. `laoke up` does so by itself.

    Example: laoke migrate
    """
    with ready(migrate=True):
        say("The tables are up to date.")


@app.command()
def check(json: Json = False) -> None:
    """Hold the books against every identity. Exit code 1 and a report when one does not hold.

    Example: laoke check --json
    """
    with ready():
        from laoke.checkout.checks import CHECKS
        from laoke.foundation.checks import run
        from laoke.surfaces.cli.progress import shown

        with shown("checking", len(CHECKS), "identities") as work:
            found = run(CHECKS, told=lambda _: work.reach(work.done + 1))
        report = [
            {"check": each.name, "says": each.says, "broken": each.broken, "examples": list(each.examples)}
            for each in found
        ]
        lines = []
        for each in found:
            lines.append(f"{'BROKEN' if each.broken else 'holds '}  {each.name}: {each.says}")
            lines += [f"        {example}" for example in each.examples]
            if each.broken > len(each.examples):
                lines.append(f"        … and {each.broken - len(each.examples)} more")
        emit(report, as_json=json, text="\n".join(lines))
        if any(each.broken for each in found):
            sys.exit(Exit.DIFFERENCES)


app.add_typer(importing.app, name="import")
app.add_typer(members.app, name="member")
app.add_typer(offers.app, name="offers")
app.add_typer(coupons.app, name="coupons")
app.add_typer(benefits.app, name="benefits")
app.add_typer(benefits.mall_app, name="mall")
app.add_typer(points.app, name="points")
app.add_typer(programme.app, name="programme")
app.command()(backtest.backtest)
app.add_typer(recompute.app, name="recompute")
app.command()(expire.expire)
app.command()(backup.backup)
app.command()(backup.restore)
tier_previews.join(tiers.app)
app.add_typer(tiers.app, name="tiers")
app.add_typer(memberships.app, name="memberships")
app.add_typer(staff.app, name="user")
app.add_typer(apikeys.app, name="apikey")
app.add_typer(webhooks.app, name="webhook")
app.command()(reseal.reseal)
app.command()(settings.settings)


def run() -> None:
    """Entry point of the console script."""
    app()
