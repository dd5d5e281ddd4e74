"""Mapping files: every mistake is refused with its place."""

from __future__ import annotations

import textwrap

import pytest

from laoke.surfaces.importing.errors import BadMapping
from laoke.surfaces.importing.fields import Kind
from laoke.surfaces.importing.mapping import load, parse, shipped
from laoke.surfaces.importing.tests.conftest import ORDERS

TEXT = textwrap.dedent(ORDERS)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("laoke-mapping: 1", "laoke-mapping: 2", "laoke-mapping: has to be 1"),
        ("kind: orders", "kind: members", "kind: is members, but orders are to be imported"),
        (
            "kind: orders",
            "kind: things",
            "kind: takes one of orders, members, products, stores; got 'things'",
        ),
        ("currency: CNY", "currency: yuan", "currency: takes an ISO 4217 code"),
        ("currency: CNY\n", "", "currency: is missing"),
        ("currency: CNY", "curency: CNY", "curency: there is no such key. Known are "),
        ("  quantity: 数量\n", "", "columns.quantity: is missing"),
        ("  quantity: 数量", "  quantities: 数量", "columns.quantities: there is no such key"),
        ("  paid: 实付\n  gross: 原价\n", "", "columns: need paid or gross"),
        (
            "paid: 实付",
            "paid: { column: 实付, plus: [a] }",
            "columns.paid: takes the name of a column, or one of",
        ),
        ("paid: 实付", "paid: 12", "columns.paid: takes keys with values"),
        ("paid: 实付", "paid: { plus: 实付 }", "columns.paid.plus: takes a list"),
        ("paid: 实付", "paid: { column: 实付, sql: drop }", "columns.paid.sql: there is no such key"),
        (
            "paid: 实付",
            "paid: { column: 实付, divided_by: 0 }",
            "columns.paid.divided_by: takes a number below",
        ),
        ("paid: 实付", "paid: { column: 实付, at_least: yes }", "columns.paid.at_least: takes a number"),
        ("unknown: {", "unknown: { cats: create,", "unknown.cats: there is no such key"),
        ("members: create", "members: maybe", "unknown.members: takes one of create, reject; got 'maybe'"),
        ("currency: CNY", "currency: CNY\nskip: [{}]", r"skip\[0\]: takes columns with what they have to be"),
        ("currency: CNY", "currency: CNY\ntime: { zone: Mars }", "time.zone: 'Mars' is not a time zone"),
        (
            "currency: CNY",
            "currency: CNY\ntime: { day_at: noon }",
            "time.day_at: takes a time of day in quotes",
        ),
        ("currency: CNY", "currency: CNY\ntime: { format: dd.mm }", "time.format: takes codes such as"),
        ("currency: CNY", "currency: CNY\nfile: { encoding: morse }", "file.encoding: takes one of utf-8"),
        ("currency: CNY", "currency: CNY\nfile: { delimiter: ab }", "file.delimiter: takes one character"),
        ("currency: CNY", "currency: CNY\nreturns: negative_quantity", "columns.original_order: is missing"),
        (
            "currency: CNY",
            "currency: CNY\ncurrency: USD",
            "line 5: is not valid YAML: 'currency' stands there twice",
        ),
        ("currency: CNY", "currency: &a CNY\nabout: *a", "anchors and aliases are not taken"),
        ("currency: CNY", "currency: [", "is not valid YAML"),
        ("currency: CNY", "currency: !!python/object/apply:os.system [ls]", "is not valid YAML"),
    ],
)
def test_a_mistake_is_refused_with_its_place(old, new, said):
    assert old in TEXT
    with pytest.raises(BadMapping, match=said):
        parse(TEXT.replace(old, new), Kind.ORDERS)


@pytest.mark.parametrize("text", ["", "- a\n- b", "42", "a: " + "[" * 5000])
def test_what_is_no_mapping_at_all_is_refused(text):
    with pytest.raises(BadMapping):
        parse(text, Kind.ORDERS)


def test_a_mapping_that_cannot_be_read_is_refused(tmp_path):
    with pytest.raises(BadMapping, match=r"cannot be opened .* come with Laoke: cdnow_orders"):
        load(str(tmp_path / "none.yaml"), Kind.ORDERS)
    (tmp_path / "data.yaml").write_bytes(b"x" * 600_000)
    with pytest.raises(BadMapping, match="larger than any mapping"):
        load(str(tmp_path / "data.yaml"), Kind.ORDERS)
    (tmp_path / "gb.yaml").write_bytes("币种".encode("gb18030"))
    with pytest.raises(BadMapping, match="not a text in UTF-8"):
        load(str(tmp_path / "gb.yaml"), Kind.ORDERS)


@pytest.mark.parametrize("name", shipped())
def test_every_mapping_that_comes_along_can_be_read(name):
    assert load(name, Kind(name.rsplit("_", 1)[1])).columns


def test_names_of_columns_never_become_sql():
    text = TEXT.replace("paid: 实付", 'paid: "x\') union select 1 --"')
    mapping = parse(text, Kind.ORDERS)
    (named,) = mapping.columns["paid"].named()
    assert mapping.columns["paid"].text({named.name: "c0"}) == "c0"
