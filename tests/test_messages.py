"""Every text has its Chinese, and no translation is left over or loses a placeholder."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest

TOOL = runpy.run_path(str(Path(__file__).parent.parent / "tools" / "check_messages.py"))


@pytest.mark.parametrize("locale", ["zh_Hans", "en"])
def test_the_catalogue_is_as_it_should_be(locale):
    found = list(TOOL["faults"](TOOL["wanted"](), TOOL["read"](locale), complete=locale == "zh_Hans"))
    assert found == [], "run tools/check_messages.py --write, then translate what is new"


def test_texts_are_found_under_any_name():
    source = '''
from django.utils.translation import gettext as _, ngettext, pgettext_lazy as _in

_("one" " text")
ngettext("%(n)d day", "%(n)d days", 2)
_in("here", "open")
print("not this")

class Closed(LaokeError):
    """The door is shut."""
    code, status, title = "closed", 409, "Closed"
'''
    assert [(each.text, each.plural, each.context) for each in TOOL["of_module"](source, "a.py")] == [
        ("Closed", "", ""),
        ("The door is shut.", "", ""),
        ("one text", "", ""),
        ("%(n)d day", "%(n)d days", ""),
        ("open", "", "here"),
    ]


def test_texts_of_templates_are_found():
    source = (
        "{% translate 'a' %}{% blocktranslate count n=n %}{{ n }} b{% plural %}{{ n }} bs{% endblocktranslate %}"
        "{% translate 'c' context 'd' %}"
    )
    assert [(each.text, each.plural, each.context) for each in TOOL["of_template"](source, "a.html")] == [
        ("a", "", ""),
        ("%(n)s b", "%(n)s bs", ""),
        ("c", "", "d"),
    ]


def test_a_lost_placeholder_is_a_fault():
    from babel.messages.catalog import Catalog

    template, catalog = Catalog(), Catalog(locale="zh_Hans")
    template.add("%(n)d of <b>%(m)s</b>")
    catalog.add("%(n)d of <b>%(m)s</b>", "%(n)d / %(m)s")
    assert list(TOOL["faults"](template, catalog, complete=True)) == [
        "placeholders or tags differ: '%(n)d of <b>%(m)s</b>'"
    ]
