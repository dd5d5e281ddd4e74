"""Passwords come from a prompt or a pipe, never from the command line: other accounts can read that."""

from __future__ import annotations

import getpass
import sys
from typing import Annotated

import typer

from laoke.kernel.errors import LaokeError

FromStdin = Annotated[
    bool, typer.Option("--password-stdin", help="Read the password from the first line of standard input.")
]


class NoPassword(LaokeError):
    """No password was given, or two different ones."""

    code, status, title = "no-password", 422, "A password is needed"


def ask(username: str, *, from_stdin: bool) -> str:
    """Read a password, twice from a person.

    Raises:
        NoPassword
    """
    if from_stdin:
        password = sys.stdin.readline().rstrip("\r\n")
        if not password:
            raise NoPassword(
                "Standard input was empty. Write the password into it: laoke ... --password-stdin < file"
            )
        return password
    if not sys.stdin.isatty():
        raise NoPassword("There is no terminal to ask in. Pipe the password in with --password-stdin.")
    try:
        password = getpass.getpass(f"Password for {username}: ")
        again = getpass.getpass("Once more: ")
    except EOFError:
        raise NoPassword("The prompt was closed.") from None
    if password != again:
        raise NoPassword("The two did not match. Run the command again.")
    return password
