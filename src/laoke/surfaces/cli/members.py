"""`laoke member`: one member's account, explained in the terminal."""

from __future__ import annotations

from typing import Annotated

import typer

from laoke.surfaces.cli.output import Json, emit
from laoke.surfaces.cli.session import now, ready

app = typer.Typer(help="Members.", no_args_is_help=True)
LANGUAGES = {"zh": "zh-hans", "zh-hans": "zh-hans", "en": "en"}


@app.callback()
def member() -> None:
    """Members: who they are, and how their account came about."""


@app.command("show")
def show(
    identifier: Annotated[str, typer.Argument(help="Number, card or phone of the member.")],
    by: Annotated[
        str | None, typer.Option(help="What the identifier is: id, card or phone. None: tried in turn.")
    ] = None,
    lang: Annotated[str | None, typer.Option(help="zh or en; LAOKE_LANGUAGE unless given.")] = None,
    entries: Annotated[int, typer.Option(min=1, max=10_000, help="How many movements of points.")] = 15,
    orders: Annotated[int, typer.Option(min=1, max=500, help="How many purchases.")] = 10,
    json: Json = False,
) -> None:
    """Explain one member's account: tier, points and how they came about, purchases, classes, consents. All masked.

    Example: laoke member show 13812345678 --lang en
    """
    with ready():
        from django.conf import settings
        from django.utils import translation

        from laoke.surfaces.cli import account
        from laoke.surfaces.cli.explained import explained

        if by is not None and by not in account.BY:
            raise typer.BadParameter(f"takes one of {', '.join(account.BY)}", param_hint="--by")
        if lang is not None and lang not in LANGUAGES:
            raise typer.BadParameter("takes zh or en", param_hint="--lang")
        language = LANGUAGES[lang or settings.LANGUAGE_CODE]
        with translation.override(language):
            found = account.account(account.find(identifier, by), now(), entries=entries, orders=orders)
            text = "" if json else explained(found, settings.LAOKE.zone, language)
        emit(found.plain() if json else None, as_json=json, text=text)
