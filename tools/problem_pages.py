"""Write docs/reference/problems: one page for each problem type, and the list of them.

    python tools/problem_pages.py           writes what is missing or old, removes what is stale
    python tools/problem_pages.py --check   writes nothing; ends with 1 and a list when a page is not as it should be

What a type means stands at its class, what to do about it in problem_mends.toml beside this file. A class without
its lines there is a mistake of whoever added it.
"""

from __future__ import annotations

import importlib
import inspect
import os
import pkgutil
import sys
import tempfile
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from pathlib import Path

HERE = Path(__file__).parent
PAGES = HERE.parent / "docs" / "reference" / "problems"
MENDS = HERE / "problem_mends.toml"
INTRODUCTION = """\
# Problems

Every refusal of the REST API is a problem response ([RFC 9457](https://www.rfc-editor.org/rfc/rfc9457)), with the
content type `application/problem+json`:

```json
{
  "type": "/problems/points-refused",
  "title": "The points cannot be used like this",
  "status": 409,
  "detail": "Points are used in steps of 100",
  "instance": "/v1/orders",
  "reason": "not_a_multiple",
  "usable": 500
}
```

`type` is the word to branch on: it is an address of your own installation, which explains the type in Chinese and
English, and the name of a page here. `title` comes in the language that the request asks for. `detail` is a sentence
for a person; its wording may change. Further members, such as `usable` above, hold what a program can act on. None
of them holds personal data.

The command line uses the same types: it prints the detail on stderr and ends with code 2.

| type | status | title |
| --- | --- | --- |
"""


def error_classes() -> dict[str, list[type]]:
    """Every subclass of LaokeError in the package that has a code of its own, by code; Django must be ready."""
    import laoke
    from laoke.kernel.errors import LaokeError

    for module in pkgutil.walk_packages(laoke.__path__, "laoke."):
        parts = module.name.split(".")
        if "tests" not in parts and "migrations" not in parts and parts[-1] != "__main__":
            importlib.import_module(module.name)

    def below(cls: type) -> Iterator[type]:
        for child in cls.__subclasses__():
            yield child
            yield from below(child)

    found: dict[str, list[type]] = {}
    for cls in sorted(set(below(LaokeError)), key=lambda cls: (cls.__module__, cls.__qualname__)):
        if "code" in vars(cls) and cls.__module__.startswith("laoke.") and ".tests." not in cls.__module__:
            found.setdefault(cls.code, []).append(cls)  # type: ignore[attr-defined]
    return dict(sorted(found.items()))


def pages() -> dict[str, str]:
    """The text of every page by its file name."""
    mends: dict[str, str] = tomllib.loads(MENDS.read_text(encoding="utf-8"))
    classes = error_classes()
    if missing := sorted(set(classes) - set(mends)):
        raise SystemExit(f"{MENDS.name} does not say what to do about: {', '.join(missing)}")
    if gone := sorted(set(mends) - set(classes)):
        raise SystemExit(f"{MENDS.name} speaks of types that are gone: {', '.join(gone)}")
    texts = {f"{code}.md": _page(code, found, mends[code]) for code, found in classes.items()}
    rows = "".join(
        f"| [`{code}`]({code}.md) | {found[0].status} | {found[0].title} |\n"  # type: ignore[attr-defined]
        for code, found in classes.items()
    )
    return {"index.md": INTRODUCTION + rows} | texts


def _page(code: str, classes: list[type], mend: str) -> str:
    titles = list(dict.fromkeys(cls.title for cls in classes))  # type: ignore[attr-defined]
    meanings = list(dict.fromkeys(inspect.getdoc(cls) or "" for cls in classes))
    status = HTTPStatus(classes[0].status)  # type: ignore[attr-defined]
    return (
        f"# {code}\n\n"
        f"**{' / '.join(titles)}**, {status.value} {status.phrase}\n\n"
        + "\n\n".join(meanings)
        + f"\n\n## What to do\n\n{mend.strip()}\n"
    )


def wrong() -> list[str]:
    """What is not as it should be, as sentences."""
    wanted = pages()
    there = {path.name for path in PAGES.glob("*.md")}
    return [
        *(f"{name} is missing" for name in sorted(set(wanted) - there)),
        *(f"{name} belongs to no type" for name in sorted(there - set(wanted))),
        *(
            f"{name} is old"
            for name, text in wanted.items()
            if name in there and (PAGES / name).read_text(encoding="utf-8") != text
        ),
    ]


def write() -> None:
    """Bring the folder up to date."""
    wanted = pages()
    PAGES.mkdir(parents=True, exist_ok=True)
    for path in PAGES.glob("*.md"):
        if path.name not in wanted:
            path.unlink()
    for name, text in wanted.items():
        (PAGES / name).write_text(text, encoding="utf-8")


@contextmanager
def _django() -> Iterator[None]:
    # A home of its own: reading the settings makes keys, and this is nobody's installation.
    with tempfile.TemporaryDirectory(prefix="laoke-pages-") as home:
        os.environ["LAOKE_HOME"] = home
        os.environ["DJANGO_SETTINGS_MODULE"] = "laoke.project.settings"
        import django

        django.setup()
        yield


if __name__ == "__main__":
    with _django():
        if "--check" not in sys.argv[1:]:
            write()
        elif found := wrong():
            sys.exit("\n".join(found))
