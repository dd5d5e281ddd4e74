"""How tests are spread over processes."""

from __future__ import annotations

from tests import spreading


def test_what_shares_something_dear_is_one_unit_and_what_takes_long_is_for_itself():
    units = spreading.units(
        [
            "tests/browser/test_codes.py::test_a",
            "tests/browser/test_every_page.py::test_b[audit]",
            "tests/test_faults.py::test_c",
            "tests/test_faults.py::test_d",
            "src/a/test_a.py::test_e",
            "src/a/test_a.py::TestF::test_g[x::y]",
            "src/a/test_b.py::test_h",
            # Without the tests' database: after all that use it, and so apart from the others of its file.
            "src/a/test_a.py::test_i",
        ]
    )
    assert list(units.values()) == [
        "tests/browser/",
        "tests/browser/",
        "tests/test_faults.py::test_c",
        "tests/test_faults.py::test_d",
        "3 src/a/test_a.py",
        "3 src/a/test_a.py",
        "4 src/a/test_b.py",
        "5 src/a/test_a.py",
    ]


def test_files_that_begin_first_are_there(request):
    assert (request.config.rootpath / spreading.TOGETHER).is_dir()
    assert [file for file in spreading.FIRST if not (request.config.rootpath / file).is_file()] == []
