"""The picture and the table of the pricing figures say what the stored result says."""

from __future__ import annotations

import json
import re
from xml.etree import ElementTree

from benchmarks import growth_chart, till

RESULT = json.loads(growth_chart.RESULT.read_text(encoding="utf-8"))
MEND = "python -m benchmarks.growth_chart"


def test_the_picture_is_current():
    assert growth_chart.FILE.read_text(encoding="utf-8") == growth_chart.draw(RESULT), MEND


def test_the_table_is_current():
    page = growth_chart.PAGE.read_text(encoding="utf-8")
    assert growth_chart.TABLE.findall(page) == [growth_chart.rows(RESULT)], MEND
    assert "](../images/pricing-growth.svg)" in page


def test_the_picture_stands_alone_without_script_or_words():
    svg = growth_chart.draw(RESULT)
    root = ElementTree.fromstring(svg)
    assert not [each for each in root.iter() if each.tag.endswith(("script", "image", "a"))]
    said = " ".join(each.text or "" for each in root.iter() if each.tag.endswith("text"))
    assert set(re.findall(r"[A-Za-zµ]+\d*", said)) == {"µs", "n", "p50", "p99"}


def test_pgbench_has_a_value_for_everything_the_commit_binds():
    script = till.pgbench_script(members=10)
    assert "begin;" in script
    assert "$" not in script
