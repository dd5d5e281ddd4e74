"""The published JSON Schema is that of the code, and says nothing that the readers do not say too."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import yaml

from laoke.checkout import programme_schema
from laoke.checkout.programme import SECTIONS, read
from laoke.kernel.errors import LaokeError

ROOT = Path(__file__).resolve().parents[1]
PUBLISHED = ROOT / "docs" / "reference" / "programme.schema.json"
EXAMPLES = sorted((ROOT / "examples").glob("*.yaml"))
SCHEMA = programme_schema.schema()
VALIDATOR = jsonschema_rs.Draft202012Validator(SCHEMA, validate_formats=True)
WHOLE: dict[str, Any] = {
    "points": {"earn": {"points": 2, "per_minor": 100, "rounding": "down"}, "valid_months": 6},
    "ladder": {
        "tiers": [
            {"code": "basic", "name_zh": "普卡"},
            {"code": "gold", "needs": [{"metric": "spend", "months": 3, "at_least": 1000}]},
        ],
        "review": "monthly",
    },
    "pricing": {
        "preset": "best_per_line",
        "policies": {"rounding": "half_even", "codes_case_sensitive": True},
        "guards": {"line_share": 60, "margins": {"fresh": "12.5"}},
        "refunds": "pro_rata",
        "four_eyes_above": 1000,
    },
    "coupons": {
        "thanks": {"name": {"zh": "谢", "en": "Thanks"}, "valid": {"days": 30}, "limits": {"per_member": 1}}
    },
}


def plain(value: Any) -> Any:
    """As JSON has it: YAML knows dates."""
    if isinstance(value, dict):
        return {str(name): plain(each) for name, each in value.items()}
    if isinstance(value, list):
        return [plain(each) for each in value]
    return value.isoformat() if isinstance(value, date | datetime) else value


def was_read(document: Any) -> bool:
    """Whether the readers take it."""
    try:
        read(document)
    except LaokeError:
        return False
    return True


def changed(document: Any) -> Iterator[tuple[str, Any]]:
    """The document with one thing made wrong, or only another, again and again; and what it was."""
    places: list[tuple[Any, ...]] = []
    waiting: list[tuple[tuple[Any, ...], Any]] = [((), document)]
    while waiting:
        place, value = waiting.pop()
        if place:
            places.append(place)
        inner = (
            value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
        )
        waiting += [((*place, step), each) for step, each in inner]
    for place in places:
        for odd in (-1, 0, 10**10, 1.5, "odd", True, [], {}, [{}], "2026-02-30"):
            made = copy.deepcopy(document)
            at = made
            for step in place[:-1]:
                at = at[step]
            at[place[-1]] = odd
            yield f"{'.'.join(map(str, place))} = {odd!r}", made
        made = copy.deepcopy(document)
        at = made
        for step in place[:-1]:
            at = at[step]
        if isinstance(at, dict):
            at["unknown_field"] = at.pop(place[-1])
            yield f"{'.'.join(map(str, place))} renamed", made


def test_the_published_schema_is_that_of_the_code():
    assert json.loads(PUBLISHED.read_text(encoding="utf-8")) == SCHEMA, "run python tools/programme_schema.py"
    assert PUBLISHED.read_text(encoding="utf-8") == programme_schema.text()


def test_it_is_a_schema_and_has_every_section():
    assert jsonschema_rs.meta.is_valid(SCHEMA)
    assert list(SCHEMA["properties"]) == list(SECTIONS)


@pytest.mark.parametrize("file", EXAMPLES, ids=[file.name for file in EXAMPLES])
def test_the_shipped_examples_hold_and_say_where_their_schema_is(file):
    text = file.read_text(encoding="utf-8")
    VALIDATOR.validate(plain(yaml.safe_load(text)))
    assert text.startswith("# yaml-language-server: $schema=../docs/reference/programme.schema.json\n")


def test_a_whole_programme_holds():
    VALIDATOR.validate(WHOLE)
    read(WHOLE)


def examples() -> dict[str, Any]:
    """Every offer of the examples, one document each, and the other sections."""
    found: dict[str, Any] = {name: {name: said} for name, said in WHOLE.items()}
    for file in EXAMPLES:
        for section, parts in plain(yaml.safe_load(file.read_text(encoding="utf-8"))).items():
            if section in ("offers", "coupons"):
                found |= {f"{file.stem}.{key}": {section: {key: each}} for key, each in parts.items()}
    return found


@pytest.mark.parametrize("document", examples().values(), ids=examples().keys())
def test_what_the_schema_refuses_the_readers_refuse_too(document):
    refused = 0
    for what, made in changed(document):
        if VALIDATOR.is_valid(made):
            continue
        refused += 1
        if was_read(made):
            pytest.fail(f"read although the schema refuses it: {what}")
    assert refused > 10


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        ({"member.tier": "gold"}, True),
        ({"member.tier": ["gold", "black"]}, True),
        ({"member.teir": "gold"}, False),
        ({"basket.subtotal": {"gte": 100, "of": {"product.category": "tea"}, "basis": "discounted"}}, True),
        ({"basket.subtotal": {"gte": 100, "basis": "later"}}, False),
        ({"basket.subtotal": {"has_all": [1]}}, False),
        ({"basket.subtotal": {"gte": 100, "of": {"member.tier": "gold"}}}, False),
        ({"moment.weekday": "monday"}, False),
        ({"moment.time": "18:30"}, False),
        ({"moment.time": {"gte": "18:30"}}, True),
        ({"any": [{"moment.day": 10}, {"not": {"member.known": True}}]}, True),
        ({}, False),
    ],
)
def test_conditions_are_typed_by_the_vocabulary(condition, holds):
    offer = {
        "name": {"zh": "名", "en": "Name"},
        "goal": "repeat",
        "stage": "basket",
        "when": condition,
        "gives": [{"percent": {"percent": 10}}],
    }
    assert VALIDATOR.is_valid({"offers": {"a": offer}}) is holds
