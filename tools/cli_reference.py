"""Write docs/reference/cli.md from the commands themselves.

python tools/cli_reference.py           writes the page
python tools/cli_reference.py --check   writes nothing; ends with 1 when the page is not as it should be
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

PAGE = Path(__file__).parent.parent / "docs" / "reference" / "cli.md"
INTRODUCTION = """\
# The command line

<!-- Written by tools/cli_reference.py from the commands themselves: change the help texts there. -->

Every command says the same with `--help`. Results go to stdout, words for a person to stderr; with `--json` a result
is JSON. Commands work beside a running `laoke up` and alone: the embedded database is started when nobody else uses
it, and stopped again afterwards. [Settings](settings.md) come from the environment.

| exit code | means |
| --- | --- |
| 0 | done |
| 1 | `check`, `backtest --live` or `programme plan` found differences; an import reported rows; `up` lost a process |
| 2 | refused, and nothing was changed: stderr says why and how to mend it. A mistyped command too |
| 130 | stopped by Ctrl-C or SIGTERM. What was done so far is kept; the same command goes on from there |

Long commands show how far they have come, their rate and the time left: a bar in a terminal, a line now and then
elsewhere. The first Ctrl-C lets the batch in hand end, a second one stops at once.

`laoke demo` logs warnings only, so that its addresses and keys stay in sight; `LAOKE_LOG_LEVEL=info laoke demo` shows
a line for every request, as `laoke up` does.
"""


def page() -> str:
    """The whole page."""
    import typer

    from laoke.surfaces.cli.main import app

    return "\n".join([INTRODUCTION, *_sections(typer.main.get_command(app), ("laoke",))]).rstrip() + "\n"


def _sections(command: Any, path: tuple[str, ...]) -> Iterator[str]:
    subcommands = getattr(command, "commands", None)
    if subcommands is None:
        yield from _section(command, path)
        return
    if len(path) > 1:
        yield f"## {' '.join(path)}\n"
        yield f"{_sentences(command.help)}\n"
    for name in sorted(subcommands):
        yield from _sections(subcommands[name], (*path, name))


def _section(command: Any, path: tuple[str, ...]) -> Iterator[str]:
    yield f"{'##' if len(path) == 2 else '###'} {' '.join(path)}\n"
    text, _, example = (command.help or "").partition("Example: ")
    yield f"{_sentences(text)}\n"
    arguments = [each for each in command.params if each.param_type_name == "argument"]
    options = [each for each in command.params if each.param_type_name == "option"]
    names = [_argument(each) for each in arguments]
    yield "```console\n$ " + " ".join([*path, *(["[OPTIONS]"] if options else []), *names]) + "\n```\n"
    rows = [(f"`{_argument(each)}`", each) for each in arguments] + [
        (_option(each), each) for each in options
    ]
    if rows:
        yield "| | |\n| --- | --- |"
        yield from (f"| {name} | {_explained(each)} |" for name, each in rows)
        yield ""
    if example:
        yield f"Example: `{example.strip()}`\n"


def _argument(argument: Any) -> str:
    name = argument.name.upper()
    return f"{name}..." if argument.nargs == -1 else name


def _option(option: Any) -> str:
    names = ", ".join(f"`{name}`" for name in sorted(option.opts, key=len, reverse=True))
    if option.is_flag:
        return names
    return f"{names} {option.metavar or option.name.upper()}"


def _explained(parameter: Any) -> str:
    words = [_sentences(parameter.help or "").replace("|", "\\|")]
    if parameter.param_type_name == "option" and parameter.required:
        words.append("Required.")
    default = parameter.default
    if not getattr(parameter, "is_flag", False) and isinstance(default, int | str) and default != "":
        words.append(f"Default: {default}.")
    return " ".join(words)


def _sentences(text: str) -> str:
    return "\n\n".join(" ".join(part.split()) for part in text.strip().split("\n\n"))


def main() -> None:
    """Write or check."""
    written = page()
    if sys.argv[1:] == ["--check"]:
        if not PAGE.exists() or PAGE.read_text(encoding="utf-8") != written:
            sys.exit(f"{PAGE.name} is not what the commands say: run python tools/cli_reference.py")
        return
    PAGE.write_text(written, encoding="utf-8")


if __name__ == "__main__":
    main()
