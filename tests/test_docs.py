"""The documents agree with the code: problem pages, readmes of modules, links, and the numbers that pages work out."""

from __future__ import annotations

import doctest
import re
from fractions import Fraction
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
import yaml

from laoke.engine.pricing.policies import Combine, PercentScope
from laoke.points import policy
from laoke.promotions import policy as pricing
from laoke.surfaces.demo.loader import PROGRAMME
from laoke.tiers import ladder
from tools import problem_pages

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
PACKAGE = ROOT / "src" / "laoke"
TOP = ("README.md", "README.zh-CN.md", "GLOSSARY.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md")
LINK = re.compile(r"\]\(([^)\s]+)\)")


def test_every_problem_type_has_its_page_and_no_page_is_stale():
    assert problem_pages.wrong() == [], "python tools/problem_pages.py"


@pytest.mark.parametrize(
    "folder",
    [
        path
        for path in sorted([*PACKAGE.iterdir(), *(PACKAGE / "surfaces").iterdir()])
        if path.is_dir() and (path / "__init__.py").exists()
    ],
    ids=lambda path: path.relative_to(PACKAGE).as_posix(),
)
def test_every_module_has_its_readme(folder):
    assert (folder / "README.md").is_file()


# mkdocs checks the links within docs/; these lead from elsewhere, where nobody else looks.
@pytest.mark.parametrize(
    "page",
    [*(ROOT / name for name in TOP), *sorted(PACKAGE.rglob("README.md"))],
    ids=lambda path: path.relative_to(ROOT).as_posix(),
)
def test_links_lead_somewhere(page):
    targets = [link.split("#")[0] for link in LINK.findall(page.read_text(encoding="utf-8"))]
    local = [
        target for target in targets if target and "://" not in target and not target.startswith("mailto:")
    ]
    assert [target for target in local if not (page.parent / unquote(target)).exists()] == []


def test_decisions_are_numbered_and_have_their_four_parts():
    decisions = sorted((DOCS / "explanation" / "decisions").glob("0*.md"))
    assert [int(path.name[:4]) for path in decisions] == list(range(1, len(decisions) + 1))
    for path in decisions:
        headings = re.findall(r"^## (.+)$", path.read_text(encoding="utf-8"), re.MULTILINE)
        assert headings == ["Context", "Decision", "Consequences", "Alternatives"], path.name


def test_the_programme_of_the_page_can_be_published():
    page = (DOCS / "how-to" / "change-the-programme.md").read_text(encoding="utf-8")
    found: dict[str, Any] = {}
    for text in re.findall(r"^```yaml\n(.*?)^```$", page, re.MULTILINE | re.DOTALL):
        found |= yaml.safe_load(text) or {}
    written = policy.to_document(policy.parse(found["points"]))
    said = found["points"] | {"earn": written["earn"] | found["points"]["earn"]}
    assert written == written | said
    assert [tier.code for tier in ladder.parse(found["ladder"]).tiers] == ["basic", "gold"]
    rules = pricing.parse(found["pricing"])
    assert (rules.policies.combine, rules.policies.percent_scope) == (
        Combine.BEST_FOR_MEMBER,
        PercentScope.UNIT,
    )
    assert (rules.guards.line_share, rules.four_eyes_above_minor) == (Fraction(3, 5), 500_000)


def test_the_ladder_of_the_page_is_the_demos():
    page = (DOCS / "explanation" / "tiers.md").read_text(encoding="utf-8")
    shown = re.findall(r"^\| (\w+) (\w+) \| (\d+) \| ([\d,]+) \|$", page, re.MULTILINE)
    assert [(code, name, int(count), int(yuan.replace(",", ""))) for code, name, count, yuan in shown] == [
        (tier["code"], tier["name_zh"], tier["needs"][0]["at_least"], tier["needs"][1]["at_least"] // 100)
        for tier in PROGRAMME["ladder"]["tiers"]
        if "needs" in tier
    ]


@pytest.mark.parametrize(
    "page",
    [path for path in sorted(DOCS.rglob("*.md")) if "\n>>> " in path.read_text(encoding="utf-8")],
    ids=lambda path: path.relative_to(DOCS).as_posix(),
)
def test_what_pages_work_out(page):
    failed, attempted = doctest.testfile(str(page), module_relative=False, encoding="utf-8")
    assert attempted
    assert not failed


def test_every_make_target_of_contributing_exists():
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    named = set(re.findall(r"`make ([a-z]+)`", (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")))
    assert named - targets == set()
