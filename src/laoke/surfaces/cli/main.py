"""The `laoke` command."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from laoke.surfaces.cli.session import console, emit, now, ready

app = typer.Typer(
    name="laoke",
    help="Laoke 老客: the loyalty platform that retailers run themselves.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)
Json = Annotated[bool, typer.Option("--json", help="print JSON for scripts")]


@app.command()
def up() -> None:
    """Start the database, web and worker, and keep them running until Ctrl-C."""
    with ready(migrate=True):
        from django.conf import settings

        from laoke.surfaces.cli import up as processes

        console.print(
            f"Laoke listens on http://{settings.LAOKE.host}:{settings.LAOKE.port}/ (Ctrl-C stops it)"
        )
        code = processes.run()
    sys.exit(code)


@app.command()
def demo(
    members: Annotated[int, typer.Option(min=100, max=1_000_000, help="size of the shop")] = 5_000,
    only_build: Annotated[
        bool, typer.Option("--only-build", help="build the shop and do not start it")
    ] = False,
) -> None:
    """Build the demo shop 禾邻生活 (once) and start it."""
    with ready(migrate=True):
        from laoke.surfaces.cli import demo as demo_shop
        from laoke.surfaces.cli import up as processes

        access = demo_shop.build(members, now())
        demo_shop.show(access)
        code = 0 if only_build else processes.run()
    sys.exit(code)


@app.command()
def migrate() -> None:
    """Bring the tables up to this version."""
    with ready(migrate=True):
        console.print("The tables are up to date.")


@app.command()
def check(json: Json = False) -> None:
    """Hold the books against every identity; exit code 1 and a report when one does not hold."""
    with ready():
        from laoke.checkout.checks import CHECKS
        from laoke.foundation.checks import run as run_checks

        found = run_checks(CHECKS)
    broken = [each for each in found if each.broken]
    lines = []
    for each in found:
        mark = "[bold red]BROKEN[/]" if each.broken else "[green]holds[/]"
        lines.append(f"{mark}  {each.name}: {each.says}")
        lines += [f"          {example}" for example in each.examples]
        if each.broken > len(each.examples):
            lines.append(f"          … and {each.broken - len(each.examples)} more")
    report = [
        {"check": each.name, "says": each.says, "broken": each.broken, "examples": list(each.examples)}
        for each in found
    ]
    emit(report, as_json=json, text="\n".join(lines))
    sys.exit(1 if broken else 0)


def run() -> None:
    """Entry point of the console script."""
    app()
