"""Hold the catalogues against the texts in code and templates.

    python tools/check_messages.py           ends with 1 and a list when a translation is missing, left over or wrong
    python tools/check_messages.py --write   brings the catalogues up to date first: new texts come without translation

Texts are the literals given to Django's gettext functions (under whatever name a module imports them), the texts
of templates, and the titles and docstrings of problem types, which the explanation pages show. English is the
source: its catalogue holds only what it says otherwise.
"""

from __future__ import annotations

import ast
import io
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract
from babel.messages.pofile import read_po, write_po
from django.utils.translation.template import templatize

ROOT = Path(__file__).parent.parent
SOURCE = ROOT / "src" / "laoke"
LOCALES = SOURCE / "locale"
TRANSLATED, ORIGINAL = "zh_Hans", "en"

# Which arguments of a gettext function are the text, its plural and its context.
_TEXT, _PLURAL, _CONTEXT = "text", "plural", "context"
_ARGUMENTS = {
    "gettext": (_TEXT,),
    "gettext_noop": (_TEXT,),
    "ngettext": (_TEXT, _PLURAL),
    "pgettext": (_CONTEXT, _TEXT),
    "npgettext": (_CONTEXT, _TEXT, _PLURAL),
}
_ARGUMENTS |= {f"{name}_lazy": arguments for name, arguments in _ARGUMENTS.items() if name != "gettext_noop"}
_TEMPLATE_KEYWORDS = {
    "gettext": None,
    "_": None,
    "ngettext": (1, 2),
    "pgettext": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
}
_PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|\{\w*\}|</?\w+")


@dataclass(frozen=True)
class Text:
    """One text to translate. `plural` and `context` are empty where there is none."""

    text: str
    plural: str
    context: str
    file: str

    @property
    def id(self) -> str | tuple[str, str]:
        """As catalogues name it."""
        return (self.text, self.plural) if self.plural else self.text


def texts() -> Iterator[Text]:
    """Every text of the project, in order of the files."""
    for path in sorted(SOURCE.rglob("*")):
        relative = path.relative_to(ROOT).as_posix()
        if "/tests/" in relative or "/migrations/" in relative:
            continue
        if path.suffix == ".py":
            yield from of_module(path.read_text(encoding="utf-8"), relative)
        elif path.suffix == ".html" and "/templates/" in relative:
            yield from of_template(path.read_text(encoding="utf-8"), relative)


def of_module(source: str, file: str) -> Iterator[Text]:
    """Texts of a Python module."""
    tree = ast.parse(source, file)
    known = {
        alias.asname or alias.name: _ARGUMENTS[alias.name]
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module == "django.utils.translation"
        for alias in node.names
        if alias.name in _ARGUMENTS
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in known:
            given = dict(
                zip(known[node.func.id], (_literal(argument) for argument in node.args), strict=False)
            )
            if given.get(_TEXT):
                yield Text(given[_TEXT], given.get(_PLURAL, ""), given.get(_CONTEXT, ""), file)
        elif isinstance(node, ast.ClassDef):
            yield from _problem_type(node, file)


def of_template(source: str, file: str) -> Iterator[Text]:
    """Texts of a template."""
    code = io.BytesIO(templatize(source, origin=file).encode())
    for _, found, _, context in extract("python", code, keywords=_TEMPLATE_KEYWORDS):
        text, plural = found if isinstance(found, tuple) else (found, "")
        if text:
            yield Text(text, plural or "", context or "", file)


def _problem_type(node: ast.ClassDef, file: str) -> Iterator[Text]:
    """Title and docstring of a class that gives itself a code and a title."""
    own: dict[str, str] = {}
    for statement in node.body:
        if (
            isinstance(statement, ast.AnnAssign)
            and isinstance(statement.target, ast.Name)
            and statement.value
        ):
            own[statement.target.id] = _literal(statement.value)
        elif isinstance(statement, ast.Assign):
            target, value = statement.targets[0], statement.value
            if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
                pairs = zip(target.elts, value.elts, strict=True)
                own |= {name.id: _literal(each) for name, each in pairs if isinstance(name, ast.Name)}
            elif isinstance(target, ast.Name):
                own[target.id] = _literal(value)
    if own.get("code") and own.get("title"):
        yield Text(own["title"], "", "", file)
        if said := ast.get_docstring(node):
            yield Text(said, "", "", file)


def _literal(node: ast.expr) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def wanted() -> Catalog:
    """A catalogue of all texts, without translations."""
    catalog = Catalog(charset="utf-8", fuzzy=False)
    for each in texts():
        catalog.add(each.id, locations=[(each.file, 0)], context=each.context or None)
    return catalog


def path_of(locale: str) -> Path:
    """Where the catalogue of a locale lies."""
    return LOCALES / locale / "LC_MESSAGES" / "django.po"


def read(locale: str) -> Catalog:
    """The catalogue of a locale."""
    with path_of(locale).open("rb") as lines:
        return read_po(lines, locale=locale)


def write(locale: str, template: Catalog) -> None:
    """Bring a catalogue up to date with the texts; translations that are there stay."""
    kept = read(locale)
    fresh = Catalog(locale=locale, charset="utf-8", fuzzy=False)
    for message in template:
        had = kept.get(message.id, message.context) if message.id else None
        if message.id and (had or locale != ORIGINAL):
            files = sorted(set(message.locations))
            fresh.add(
                message.id,
                had.string if had else "",
                files,
                had.flags - {"fuzzy"} if had else (),
                context=message.context,
            )
    text = io.BytesIO()
    write_po(text, fresh, width=110, include_lineno=False, sort_by_file=True, ignore_obsolete=True)
    # The header stays as it was: dates and tool versions in it would only make two people's changes collide.
    header = path_of(locale).read_bytes().split(b"\n\n")[0].rstrip(b"\n")
    body = text.getvalue().split(b"\n\n", 1)[1]
    draft = path_of(locale).with_suffix(".draft")
    draft.write_bytes(header + b"\n\n" + body.rstrip(b"\n") + b"\n" if body.strip() else header + b"\n")
    draft.replace(path_of(locale))


def faults(template: Catalog, catalog: Catalog, *, complete: bool) -> Iterator[str]:
    """What is wrong with a catalogue; `complete` asks for a translation of every text."""
    for message in template:
        if message.id and complete and catalog.get(message.id, message.context) is None:
            yield f"missing: {_shown(message)}"
    for message in catalog:
        if not message.id:
            continue
        if template.get(message.id, message.context) is None:
            yield f"no longer used: {_shown(message)}"
        elif message.fuzzy:
            yield f"fuzzy: {_shown(message)}"
        elif not all(_strings(message)):
            if complete:
                yield f"not translated: {_shown(message)}"
        elif not _same_placeholders(message):
            yield f"placeholders or tags differ: {_shown(message)}"


def _same_placeholders(message: Message) -> bool:
    """Each translation takes up what the plural (or only) text holds: singulars may leave the number out."""
    texts = message.id if isinstance(message.id, tuple) else (message.id,)
    full = sorted(_PLACEHOLDER.findall(texts[-1]))
    fewest = (
        set(full)
        if len(texts) == 1
        else set.intersection(*(set(_PLACEHOLDER.findall(text)) for text in texts))
    )
    return all(
        set(found) >= fewest and set(found) <= set(full)
        for found in (_PLACEHOLDER.findall(string) for string in _strings(message))
    )


def _strings(message: Message) -> tuple[str, ...]:
    return tuple(message.string) if isinstance(message.string, (tuple, list)) else (message.string,)


def _shown(message: Message) -> str:
    text = message.id[0] if isinstance(message.id, tuple) else message.id
    return f"{text!r}" + (f" (context {message.context!r})" if message.context else "")


def main(arguments: list[str]) -> int:
    """Exit code: 0 when the catalogues are as they should be."""
    template = wanted()
    if "--write" in arguments:
        for locale in (TRANSLATED, ORIGINAL):
            write(locale, template)
    found = [
        f"{locale}: {fault}"
        for locale in (TRANSLATED, ORIGINAL)
        for fault in faults(template, read(locale), complete=locale == TRANSLATED)
    ]
    for line in found:
        print(line)
    print(f"{len([message for message in template if message.id])} texts, {len(found)} faults")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
