"""Programme files: YAML with the line of everything in it, so that a fault can say where it stands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import yaml
from yaml.constructor import SafeConstructor

from laoke.kernel.errors import LaokeError

# A programme of ten thousand offers is a few megabytes.
LARGEST = 50_000_000
_QUICK: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class NotYaml(LaokeError):
    """The file cannot be read as YAML; says in which line."""

    code, status, title = "not-yaml", 422, "The file cannot be read"


@dataclass(frozen=True, slots=True)
class File:
    """A document and where its parts stand."""

    document: Any
    _root: yaml.Node | None
    # By mapping that was asked for, its keys: a programme of ten thousand offers is asked ten thousand times.
    _keys: dict[int, dict[str, tuple[yaml.Node, yaml.Node]]] = field(default_factory=dict)

    def has(self, section: str) -> bool:
        """Whether a section stands in it."""
        return isinstance(self.document, Mapping) and section in self.document

    def line_of(self, place: Sequence[str | int]) -> int:
        """The line, from 1, of the part at `place`; of the nearest part around it when that is not there."""
        node, line = self._root, 1
        for step in place:
            found = self._step(node, step)
            if found is None:
                break
            key, node = found
            line = key.start_mark.line + 1
        return line

    def _step(self, node: yaml.Node | None, step: str | int) -> tuple[yaml.Node, yaml.Node] | None:
        if isinstance(node, yaml.MappingNode):
            keys = self._keys.get(id(node))
            if keys is None:
                keys = self._keys[id(node)] = {key.value: (key, value) for key, value in node.value}
            return keys.get(str(step))
        if isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
            return node.value[step], node.value[step]
        return None


def read_file(text: str) -> File:
    """Read a file.

    Raises:
        NotYaml: it is no YAML, holds a key twice, is far too large, or refers to itself.
    """
    if len(text) > LARGEST:
        raise NotYaml(f"The file has {len(text)} characters; a programme has at most {LARGEST}")
    try:
        root = _composed(text)
        if root is None:
            return File(None, None)
        _refuse_doubles(root)
        return File(SafeConstructor().construct_document(root), root)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
        raise NotYaml(f"{where}{error.problem or error.context}") from None
    except (yaml.YAMLError, ValueError) as error:
        raise NotYaml(str(error)) from None


def _composed(text: str) -> yaml.Node | None:
    """The reader in C is ten times as fast; the one in Python says better what is wrong. Both build plain values."""
    try:
        return yaml.compose(text, Loader=_QUICK)
    except yaml.YAMLError:
        return yaml.compose(text, Loader=yaml.SafeLoader)


def _refuse_doubles(root: yaml.Node) -> None:
    """YAML would let the last of two equal keys win without a word; anchors could make a small file endless."""
    waiting, met = [root], set()
    while waiting:
        node = waiting.pop()
        if id(node) in met:
            raise NotYaml(f"line {node.start_mark.line + 1}: anchors and aliases are not read")
        met.add(id(node))
        if isinstance(node, yaml.MappingNode):
            seen: set[str] = set()
            for key, value in node.value:
                if key.value in seen:
                    raise NotYaml(
                        f"line {key.start_mark.line + 1}: {str(key.value)[:60]!r} stands here twice"
                    )
                seen.add(key.value)
                waiting.append(value)
        elif isinstance(node, yaml.SequenceNode):
            waiting.extend(node.value)
