"""The member list: what addresses mean, whom they find, in which order, how many, and for whom."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date, datetime, timedelta
from urllib.parse import urlencode

import pytest
from django.conf import settings as conf
from django.db import connection
from django.http import QueryDict
from django.utils import translation
from hypothesis import given, settings
from hypothesis import strategies as st

from laoke.foundation.access import ROLE_SCOPES, SYSTEM, Role, Scope
from laoke.foundation.paging import BadCursor
from laoke.members import services as members
from laoke.members.selectors import search
from laoke.members.types import IdentityInput
from laoke.surfaces.console.directory import counting, filters
from laoke.surfaces.console.directory.columns import BY_NAME
from laoke.surfaces.console.directory.conditions import week_from, where
from laoke.surfaces.console.directory.counting import Count
from laoke.surfaces.console.directory.filters import Dates, Days, Filter, Misread, Span, read
from laoke.surfaces.console.directory.models import ListCount, ListPreference, SavedView
from laoke.surfaces.console.directory.page import asked, member_list
from laoke.surfaces.console.directory.walking import BY_NUMBER, Order, Way, order_of, walk
from tests.shop import OPENING

from .crowd import AS_OF, TAGS, TIERS, TODAY, Person, crowd
from .test_pages import text

CODES = st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z")), min_size=1, max_size=20)
DAYS = st.integers(0, 36_500)


def spans(most: int):
    def made(ends):
        low, high = ends
        if low is not None and high is not None and low > high:
            low, high = high, low
        return Span(low, high)

    end = st.one_of(st.none(), st.integers(0, most))
    return st.tuples(end, end).filter(lambda ends: ends != (None, None)).map(made)


def several(values):
    return st.lists(values, max_size=4, unique=True).map(lambda found: tuple(sorted(found)))


def dates():
    def made(ends):
        first, last = ends
        if first and last and first > last:
            first, last = last, first
        return Dates(first, last)

    end = st.one_of(st.none(), st.dates())
    return st.tuples(end, end).filter(any).map(made)


FILTERS = st.builds(
    Filter,
    q=st.text(max_size=60).map(lambda raw: filters._clean(" ".join(filters._clean(raw).split()))),
    tier=several(CODES),
    rfm=several(st.sampled_from(["high_value", "potential", "new", "dormant"])),
    value=several(st.sampled_from(["core", "potential", "basic", "dormant"])),
    r=several(st.integers(1, 5)),
    f=several(st.integers(1, 5)),
    m=several(st.integers(1, 5)),
    last=st.one_of(st.just(""), st.just("never"), spans(36_500)),
    spend=st.one_of(st.none(), spans(10**12)),
    points=st.one_of(st.none(), spans(10**12)),
    store=several(CODES),
    region=several(CODES),
    tag=several(CODES),
    notag=several(CODES),
    birthday=st.sampled_from(["", "month", "week", "1", "12"]),
    joined=st.one_of(st.none(), st.integers(1, 36_500).map(Days), dates()),
    status=several(st.sampled_from(["active", "blocked"])),
    consent=several(st.sampled_from(["sms", "email", "post"])),
    lang=several(CODES),
)


class TestAddresses:
    @settings(max_examples=300, deadline=None)
    @given(FILTERS)
    def test_what_is_written_reads_as_the_same(self, wanted):
        assert read(QueryDict(wanted.query())) == (_normal(wanted), ())

    @settings(max_examples=200, deadline=None)
    @given(st.dictionaries(st.sampled_from(filters.NAMES), st.lists(st.text(max_size=12), max_size=3)))
    def test_any_address_is_read_or_said_to_be_unreadable(self, raw):
        found, misread = read(filters.Plain(raw))
        names = {name for name, values in raw.items() if any(filters._clean(value) for value in values)}
        assert set(found.given()) | {each.name for each in misread} == names
        assert read(QueryDict(found.query())) == (found, ())

    @pytest.mark.parametrize(
        ("query", "wanted"),
        [
            ("tier=gold&tier=black", Filter(tier=("black", "gold"))),
            ("r=4,5&f=1&f=2", Filter(r=(4, 5), f=(1, 2))),
            ("last=30-90", Filter(last=Span(30, 90))),
            ("last=never", Filter(last="never")),
            ("last_min=30&last_max=", Filter(last=Span(30, None))),
            ("spend_min=&spend_max=500", Filter(spend=Span(None, 500))),
            ("joined_days=30&joined_from=&joined_to=", Filter(joined=Days(30))),
            (
                "joined_from=2026-01-01&joined_to=2026-01-31",
                Filter(joined=Dates(date(2026, 1, 1), date(2026, 1, 31))),
            ),
            ("q=%20%20%E9%99%88%20%20", Filter(q="陈")),
            ("birthday=3", Filter(birthday="3")),
        ],
    )
    def test_examples(self, query, wanted):
        assert read(QueryDict(query)) == (wanted, ())

    @pytest.mark.parametrize(
        ("query", "misread"),
        [
            ("last=abc", Misread("last", "abc")),
            ("last=90-30", Misread("last", "90-30")),
            ("spend=-", Misread("spend", "-")),
            ("points_min=-5", Misread("points", "-5-")),
            ("r=6", Misread("r", "6")),
            ("rfm=none", Misread("rfm", "none")),
            ("birthday=13", Misread("birthday", "13")),
            ("joined=2026-02-30..", Misread("joined", "2026-02-30..")),
            ("joined=0d", Misread("joined", "0d")),
            ("tag=" + "x" * 61, Misread("tag", "x" * 61)),
            ("q=" + "陈" * 10_000, Misread("q", "陈" * 100)),
            ("status=erased", Misread("status", "erased")),
        ],
    )
    def test_what_cannot_be_read_is_told(self, query, misread):
        assert read(QueryDict(query)) == (Filter(), (misread,))


def _normal(wanted: Filter) -> Filter:
    """Codes as an address can carry them: trimmed and composed."""
    changed = {}
    for name in ("tier", "store", "region", "tag", "notag", "lang"):
        changed[name] = tuple(sorted({filters._clean(code) for code in getattr(wanted, name)}))
    return replace(wanted, **changed)


def matches(person: Person, wanted: Filter, shop, stores: frozenset[int] | None = None) -> bool:
    """Whether a filter means a member, said again without SQL."""
    codes = shop.stores
    days = None if person.last is None else (TODAY - person.last).days
    spend = (person.spend_minor or 0) / 100
    checks = [
        not wanted.tier or person.tier in wanted.tier,
        not wanted.rfm or person.rfm in wanted.rfm,
        not wanted.value or person.value in wanted.value,
        *(
            not asked_for or (person.scores is not None and person.scores[n] in asked_for)
            for n, asked_for in enumerate((wanted.r, wanted.f, wanted.m))
        ),
        not wanted.store or person.store in {codes[code] for code in wanted.store},
        not wanted.tag or bool(person.tags & set(wanted.tag)),
        not wanted.notag or not person.tags & set(wanted.notag),
        not wanted.status or ("blocked" if person.blocked else "active") in wanted.status,
        not wanted.consent or any(person.consents.get(channel) for channel in wanted.consent),
        not wanted.lang or (person.language or "none") in wanted.lang,
    ]
    if wanted.last == "never":
        checks.append(person.night_last is None and not person.orders)
    elif isinstance(wanted.last, Span):
        checks.append(days is not None and within(days, wanted.last))
    if wanted.spend:
        checks.append(
            within(spend, wanted.spend) and (person.spend_minor is not None or not wanted.spend.low)
        )
    if wanted.points:
        checks.append(within(person.points, wanted.points))
    if wanted.birthday == "week":
        checks.append(
            person.birthday is not None
            and person.birthday.month * 100 + person.birthday.day in week_from(TODAY)
        )
    elif wanted.birthday:
        month = TODAY.month if wanted.birthday == "month" else int(wanted.birthday)
        checks.append(person.birthday is not None and person.birthday.month == month)
    if wanted.joined:
        day = person.joined_at.astimezone(conf.LAOKE.zone).date()
        if isinstance(wanted.joined, Days):
            checks.append(day > TODAY - timedelta(days=wanted.joined.count))
        else:
            first, last = wanted.joined.first or date.min, wanted.joined.last or date.max
            checks.append(first <= day <= last)
    if stores is not None:
        checks.append(person.store in stores or any(store in stores for _, store in person.orders))
    return all(checks)


def within(value: float, span: Span) -> bool:
    return (span.low is None or value >= span.low) and (span.high is None or value <= span.high)


QUESTIONS = st.builds(
    Filter,
    tier=several(st.sampled_from(TIERS)),
    rfm=several(st.sampled_from(["high_value", "potential", "new", "dormant"])),
    value=st.one_of(st.just(()), several(st.sampled_from(["core", "basic"]))),
    r=st.one_of(st.just(()), several(st.integers(1, 5))),
    m=st.one_of(st.just(()), several(st.integers(1, 5))),
    last=st.one_of(st.just(""), st.just("never"), spans(130)),
    spend=st.one_of(st.none(), spans(2000)),
    points=st.one_of(st.none(), spans(200)),
    store=st.one_of(st.just(()), several(st.sampled_from(["S1", "S2"]))),
    tag=st.one_of(st.just(()), several(st.sampled_from(TAGS))),
    notag=st.one_of(st.just(()), several(st.sampled_from(TAGS))),
    birthday=st.sampled_from(["", "", "", "month", "week", "2"]),
    joined=st.one_of(st.none(), st.integers(1, 60).map(Days), dates()),
    status=several(st.sampled_from(["active", "blocked"])),
    consent=st.one_of(st.just(()), several(st.sampled_from(["sms", "email"]))),
    lang=st.one_of(st.just(()), several(st.sampled_from(["en", "zh-hans", "none"]))),
)


@pytest.fixture
def people(shop):
    return crowd(shop, 70)


def question_of(query: str, caller=SYSTEM, at=OPENING):
    return asked(caller, QueryDict(query), at, places=True)


def sleepy(*args, **kwargs):
    """A walk that takes a second."""
    with connection.cursor() as cursor:
        cursor.cursor.execute("select pg_sleep(1)")


def everybody(question, order, *, limit=7, way=Way.WALK, hurried=False):
    """The members of all pages in their order, walked from the first page to the last."""
    found, since, ids, mark = question.where(), question.setting.scene.since, [], None
    while True:
        page = walk(found, order, since, limit=limit, after=mark, way=way, hurried=hurried)
        ids += page.ids
        mark = page.after
        if not mark:
            return ids


def everybody_backwards(question, order, *, limit=7):
    """As `everybody`, from the last member to the first page. The last one itself is not met: walking starts at it."""
    found, since, ids, mark = (
        question.where(),
        question.setting.scene.since,
        [],
        _mark_behind(question, order),
    )
    while mark:
        page = walk(found, order, since, limit=limit, before=mark)
        ids = [*page.ids, *ids]
        mark = page.before
    return ids


def _mark_behind(question, order):
    """The mark of the last member of all, so that everything else lies before it."""
    found, since, mark = question.where(), question.setting.scene.since, None
    while True:
        page = walk(found, order, since, limit=1, after=mark)
        if not page.after:
            # The page that ends the list has the mark of its first row, which is its last one too.
            return page.before
        mark = page.after


class TestColumns:
    @staticmethod
    def heads(browser):
        """The columns of the list, from left to right."""
        head = browser.get("/members").content.decode().split("<thead>")[1].split("</thead>")[0]
        cells = re.findall(r'<th scope="col".*?</th>', head, re.S)
        return [re.sub(r"<[^>]+>", "", cell).strip() for cell in cells]

    @staticmethod
    def offered(response):
        return re.findall(r'name="order" value="(\w+)"', response.content.decode())

    def test_they_stand_in_the_order_that_was_sent(self, shop, people, hire):
        browser = hire()
        order = ["store", "points", "phone", "tier"]
        browser.post(
            "/members/display", {"order": order, "column": ["points", "store", "phone"], "rows": "20"}
        )
        assert self.heads(browser)[1:] == ["Home store", "Points", "Phone"]
        assert ListPreference.objects.get().columns == ["store", "points", "phone"]
        page = browser.get("/members/display")
        # What is shown comes first, then what is not, in the usual order.
        assert self.offered(page)[:5] == ["store", "points", "phone", "tier", "rfm"]
        assert sorted(self.offered(page)) == sorted(BY_NAME)
        # Somebody else keeps the usual order.
        assert ListPreference.objects.count() == 1

    def test_a_step_without_script_shows_the_form_again_and_keeps_nothing(self, shop, people, hire):
        browser = hire()
        usual = self.offered(browser.get("/members/display"))
        form = {
            "order": usual,
            "column": ["tier", "phone"],
            "density": "tight",
            "rows": "100",
            "of": "tier=gold",
        }
        page = browser.post("/members/display", form | {"move": "phone:up"})
        at = usual.index("phone")
        assert self.offered(page) == [*usual[: at - 1], "phone", usual[at - 1], *usual[at + 1 :]]
        body = page.content.decode()
        assert re.findall(r'name="column" value="(\w+)" checked', body) == ["tier", "phone"]
        assert 'value="tight" checked' in body
        assert "<option selected>100</option>" in body
        assert 'name="of" value="tier=gold"' in body
        assert re.search(r'value="phone:up" autofocus', body)
        assert not ListPreference.objects.exists()
        # At an end it stays.
        assert self.offered(browser.post("/members/display", form | {"move": "tier:up"})) == usual
        # What nobody knows moves nothing.
        for move in ("nothing:up", "phone:sideways", ":", "phone:up:up"):
            answer = browser.post("/members/display", form | {"move": move})
            assert answer.status_code in (200, 303)

    def test_orders_made_up_are_held_against_the_role(self, shop, people, hire):
        browser = hire("associate")
        names = ["phone", "phone", "<b>", "rfm", "tier"]
        browser.post("/members/display", {"order": names, "column": names})
        assert ListPreference.objects.get().columns == ["phone", "tier"]

    def test_a_search_adds_phone_and_card_behind_the_others(self, shop, people, hire):
        browser = hire()
        browser.post("/members/display", {"order": ["store", "tier"], "column": ["store", "tier"]})
        body = browser.get("/members?q=1").content.decode()
        if "<thead>" in body:
            head = body.split("<thead>")[1].split("</thead>")[0]
            assert head.index("Home store") < head.index("Tier") < head.index("Phone") < head.index("Card")


class TestWhomItFinds:
    def test_filters_find_exactly_whom_they_mean(self, shop, people):
        """A hundred random filters, each held against plain Python, and counted."""

        @settings(max_examples=150, deadline=None)
        @given(QUESTIONS, st.sampled_from([None, "S1", "S2"]))
        def one(wanted, limited):
            stores = None if limited is None else frozenset({shop.stores[limited]})
            caller = replace(SYSTEM, stores=stores)
            if stores is not None:
                wanted = replace(wanted, store=())  # the other store is none of the caller's words
            question = question_of(wanted.query(), caller)
            assert question.misread == ()
            meant = {person.id for person in people if matches(person, wanted, shop, stores)}
            found = set(walk(question.where(), BY_NUMBER, None, limit=1000).ids)
            assert found == meant, wanted
            assert counting.exactly(question.where(), 10_000) == len(meant)
            # Looking at them one by one finds the same as gathering them.
            for name in ("joined", "points", "last", "spend"):
                for way in Way:
                    order, since = Order(name), question.setting.scene.since
                    page = walk(question.where(), order, since, limit=1000, way=way)
                    assert set(page.ids) == meant, (wanted, name, way)

        one()

    @pytest.mark.parametrize(
        ("query", "found"),
        [("q=0003", 1), ("q=13800000003", 1), ("q=C0000003", 1), ("q=陈雨", None), ("q=nobody", 0)],
    )
    def test_a_search_text_finds_what_the_search_finds(self, shop, people, query, found):
        known = {row.id for row in search(QueryDict(query)["q"], limit=200).rows}
        question = question_of(query)
        assert set(walk(question.where(), BY_NUMBER, None, limit=1000).ids) == known
        assert found is None or len(known) == found

    def test_a_search_text_and_conditions_go_together(self, shop, people):
        named = {row.id for row in search("陈雨桐", limit=200).rows}
        gold = {person.id for person in people if person.tier == "gold"}
        question = question_of("q=陈雨桐&tier=gold")
        assert set(walk(question.where(), BY_NUMBER, None, limit=1000).ids) == named & gold

    def test_who_bought_since_last_night_counts_as_of_today(self, shop, people):
        lately = [person for person in people if any(day == TODAY for day, _ in person.orders)]
        assert lately
        question = question_of("last=30-")
        found = set(walk(question.where(), BY_NUMBER, None, limit=1000).ids)
        assert not found & {person.id for person in lately}

    def test_a_leap_day_is_kept_on_the_first_of_march_in_other_years(self):
        assert 229 in week_from(date(2026, 2, 27))
        assert week_from(date(2028, 2, 27)).count(229) == 1
        assert 229 not in week_from(date(2026, 3, 2))


class TestOrder:
    @pytest.mark.parametrize("name", ["joined", "last", "spend", "points"])
    @pytest.mark.parametrize("ascending", [False, True])
    @pytest.mark.parametrize(
        "query", ["", "notag=母婴", "status=active", "rfm=dormant", "r=4&r=5&value=core", "m=3&joined=30d"]
    )
    def test_every_member_is_met_once_in_both_directions(self, shop, people, name, ascending, query):
        question, order = question_of(query), Order(name, ascending)
        there = everybody(question, order)
        wanted = read(QueryDict(query))[0]
        assert sorted(there) == sorted(p.id for p in people if matches(p, wanted, shop))
        assert everybody_backwards(question, order) == there[:-1]
        assert everybody(question, order, way=Way.GATHER) == there
        assert everybody(question, order, way=Way.NEAREST) == there
        assert everybody(question, order, way=Way.GATHER, hurried=True) == there
        assert [_key(people, one, name) for one in there] == sorted(
            (_key(people, one, name) for one in there), key=_with_none_last(ascending)
        )

    def test_pages_lead_on_and_back(self, shop, people):
        question = question_of("")
        first = walk(question.where(), Order(), None, limit=20)
        assert first.before is None
        second = walk(question.where(), Order(), None, limit=20, after=first.after)
        again = walk(question.where(), Order(), None, limit=20, before=second.before)
        assert again.ids == first.ids
        assert again.before is None
        assert again.after == first.after

    @pytest.mark.parametrize("mark", ["", "x", "WzFd", "W10", "a" * 2000, "WyJsYXN0Iiw5LCIiLDFd"])
    def test_a_mark_nobody_gave_is_refused(self, shop, people, mark):
        question = question_of("")
        if mark:
            with pytest.raises(BadCursor):
                walk(question.where(), Order("last"), None, limit=5, after=mark)

    def test_a_mark_of_another_order_is_refused(self, shop, people, hire):
        question = question_of("")
        mark = walk(question.where(), Order("spend"), None, limit=5).after
        with pytest.raises(BadCursor):
            walk(question.where(), Order("points"), None, limit=5, after=mark)
        assert hire().get(f"/members?after={mark}").status_code == 400

    def test_an_unknown_order_is_the_usual_one(self):
        assert order_of("number") == Order()
        assert order_of("-last") == Order("last", True)


def _key(people, member_id, name):
    person = next(p for p in people if p.id == member_id)
    return {
        "joined": person.joined_at,
        "last": person.last,
        "spend": person.spend_minor,
        "points": person.points,
    }[name]


def _with_none_last(ascending):
    def key(value):
        if value is None:
            return (1, 0)
        if isinstance(value, datetime):
            value = value.timestamp()
        elif isinstance(value, date):
            value = value.toordinal()
        return (0, value if ascending else -value)

    return key


class TestCounts:
    def test_small_counts_are_exact(self, shop, people):
        assert counting.quick(question_of("").where(), None) == Count(len(people), exact=True)

    def test_a_dear_count_is_an_estimate_that_says_so_and_comes_later(self, shop, people, hire, monkeypatch):
        monkeypatch.setattr(counting, "_CHEAP", -1)
        monkeypatch.setattr("laoke.surfaces.console.directory.page._FEW", -5)
        browser = hire()
        browser.post("/members/display", {"column": ["tier"], "rows": "20"})
        page = browser.get("/members?status=active&lang=en&lang=zh-hans").content.decode()
        assert 'hx-get="/members/count?status=active&amp;lang=en&amp;lang=zh-hans"' in page
        assert 'hx-get="/members/tabs?status=active&amp;lang=en&amp;lang=zh-hans"' in page
        assert "about" in page
        meant = sum(bool(p.language) and not p.blocked for p in people)
        part = {"HX-Request": "true"}
        later = text(browser.get("/members/count?status=active&lang=en&lang=zh-hans", headers=part))
        assert later.strip() == f"Active, speaking English or 简体中文: {meant} members"
        tabs = text(browser.get("/members/tabs", headers=part))
        high = sum(p.rfm == "high_value" for p in people)
        assert tabs.startswith(f" All {len(people)} High value {high}")
        assert ListCount.objects.count() == 7
        # Now it is known, and its share of all with it.
        again = text(browser.get("/members?status=active&lang=en&lang=zh-hans"))
        assert f"简体中文: {meant} members, {meant / len(people):.1%} of all" in again

    @pytest.mark.parametrize("why", ["gives up", "takes long"])
    def test_rows_that_are_too_dear_come_after_the_page(self, shop, people, hire, monkeypatch, why):
        monkeypatch.setattr(counting, "_CHEAP", -1)
        monkeypatch.setattr(counting, "_TRIFLING", -1)
        monkeypatch.setattr(counting, "_SPARSE", 10**9)
        monkeypatch.setattr("laoke.surfaces.console.directory.page._FEW", -5)
        browser = hire()
        browser.post("/members/display", {"column": ["tier"], "rows": "20"})
        quick = browser.get("/members?lang=en").content.decode()
        assert "rows_later" not in quick
        assert 'name="ids"' in quick
        if why == "gives up":
            monkeypatch.setattr("laoke.surfaces.console.directory.walking._NEAREST", 1)
            monkeypatch.setattr("laoke.surfaces.console.directory.counting._DENSE", -(10**9))
        else:
            monkeypatch.setattr("laoke.surfaces.console.directory.page._ROWS_MS", 1)
            monkeypatch.setattr("laoke.surfaces.console.directory.page.walk", sleepy)
        page = browser.get("/members?lang=en&sort=joined").content.decode()
        assert 'hx-get="/members/rows?lang=en"' in page
        assert 'href="/members/rows?lang=en"' in page  # without script
        assert "peaking English" in page
        assert 'name="ids"' not in page
        assert "Nobody found" not in page
        monkeypatch.undo()
        rows = re.findall(r'name="ids" value="(\d+)"', quick)
        for headers in ({}, {"HX-Request": "true"}):
            later = browser.get("/members/rows?lang=en", headers=headers).content.decode()
            assert re.findall(r'name="ids" value="(\d+)"', later) == rows
            assert ("<main" in later) == (not headers)

    def test_large_counts_are_rounded(self):
        assert counting._rounded(123_456) == 123_000
        assert counting._rounded(999) == 999

    def test_several_at_once_are_what_they_are_one_by_one(self, shop, people):
        questions = [question_of(q).where() for q in ("tier=gold", "tier=basic&q=陈雨桐", "last=never")]
        assert counting.several(questions, 1000) == [counting.exactly(each, 1000) for each in questions]

    def test_a_count_that_takes_too_long_is_given_up(self, shop, people):
        slow = where(Filter(), question_of("").words, question_of("").setting.scene)
        slow.add("pg_sleep(1) is not null")
        assert counting.within([slow], 100, 50) is None
        assert counting.exactly(question_of("").where(), 1000) == len(people)


class TestPage:
    def test_the_filter_is_said_back_with_its_count(self, shop, people, hire):
        wanted = Filter(tier=("black", "gold"), last=Span(30, 90))
        n = sum(matches(p, wanted, shop) for p in people)
        page = text(hire().get("/members?tier=gold&tier=black&last=30-90"))
        assert f"Gold or Black, last bought 30–90 days ago: {n} members, {n / len(people):.1%} of all" in page
        chinese = text(hire("analyst", language="zh-hans").get("/members?tier=gold&tier=black&last=30-90"))
        assert f"金卡或黑卡、30–90 天未消费，共 {n} 位，占全体 {n / len(people):.1%}" in chinese

    def test_each_condition_can_be_taken_away_with_one_click(self, shop, people, hire):
        page = hire().get("/members?tier=gold&last=30-90&sort=points").content.decode()
        assert 'href="/members?last=30-90&amp;sort=points"' in page
        assert 'href="/members?tier=gold&amp;sort=points"' in page

    def test_a_bad_value_stands_at_its_chip(self, shop, people, hire):
        page = text(hire().get("/members?last=abc&store=S9&tier=gold"))
        assert "Last purchase abc cannot be read, so it is not applied" in page
        assert "Home store S9 is not in this shop, so it is not applied" in page

    def test_what_the_form_sends_becomes_an_address_to_share(self, shop, people, hire):
        sent = {
            "apply": "1",
            "tier": ["gold"],
            "last_min": "30",
            "last_max": "90",
            "birthday": "",
            "points_min": "x",
        }
        answer = hire().get(f"/members?{urlencode(sent, doseq=True)}")
        assert (answer.status_code, answer["Location"]) == (302, "/members?points=x-&tier=gold&last=30-90")

    def test_nobody_found_says_what_to_drop(self, shop, people, hire):
        page = text(hire().get("/members?tier=gold&points=9999999-"))
        gold = sum(p.tier == "gold" for p in people)
        assert "Nobody found Leave one of the conditions out, and there are:" in page
        assert re.search(rf"Without Points ≥ 9,999,999 {gold}\b", page)

    @pytest.mark.parametrize("role", [role.value for role in Role])
    def test_roles_see_the_columns_and_conditions_of_their_scopes(self, shop, people, hire, role):
        page = hire(role).get("/members?rfm=high_value").content.decode()
        insight = Scope.INSIGHT_READ in ROLE_SCOPES[Role(role)]
        assert ("RFM</th>" in page) is insight
        assert ("your role may not see this" in page) is not insight
        assert ('id="selection"' in page) is (Scope.MEMBERS_WRITE in ROLE_SCOPES[Role(role)])

    def test_an_account_limited_to_a_store_pages_through_its_members_only(self, shop, people, hire):
        browser = hire("store_manager", store_ids=[shop.stores["S1"]])
        browser.post("/members/display", {"column": ["tier"], "density": "tight", "rows": "20"})
        seen: list[str] = []
        path = "/members"
        while path:
            page = browser.get(path).content.decode()
            seen += re.findall(r'name="ids" value="(\d+)"', page)
            following = re.search(r'rel="next" href="([^"]+)"', page)
            path = following[1].replace("&amp;", "&") if following else ""
        meant = [p.id for p in people if matches(p, Filter(), shop, frozenset({shop.stores["S1"]}))]
        assert sorted(map(int, seen)) == sorted(meant)
        assert len(meant) < len(people)

    def test_a_part_is_only_the_list(self, shop, people, hire):
        part = hire().get("/members?tier=gold", headers={"HX-Request": "true"}).content.decode()
        assert part.lstrip().startswith('<section class="card members" id="list"')
        assert "<html" not in part

    @pytest.mark.parametrize(
        "query", ["", "tier=gold&last=30-90&tag=母婴", "sort=last", "store=S1&sort=-points"]
    )
    def test_a_page_takes_few_statements(self, shop, people, hire, statements, query):
        browser = hire("store_manager", store_ids=[shop.stores["S1"]])
        path = f"/members?{query}"
        browser.get(path)
        with statements() as sent:
            assert browser.get(path).status_code == 200
        assert len(sent) <= 12, sent

    def test_hostile_names_and_tags_stay_text(self, shop, hire):
        member = members.register(
            caller=SYSTEM, at=OPENING, name="<script>", identities=[IdentityInput("phone", "13811112222")],
            tags=["<b>x</b>"],
        )  # fmt: skip
        page = hire().get("/members").content.decode()
        assert "<script>*" not in page
        assert "&lt;b&gt;x&lt;/b&gt;" in page
        assert f"/members/{member}" in page

    def test_nobody_at_all(self, shop, hire):
        assert "No members yet" in text(hire().get("/members"))

    def test_the_filter_form_is_filled_and_offers_what_there_is(self, shop, people, hire):
        page = hire().get("/members/filter?tier=gold&last=30-90&tag=母婴&tag=gone").content.decode()
        assert 'name="tier" value="gold" checked' in page
        assert 'name="last_min" inputmode="numeric" maxlength="13" value="30"' in page
        assert 'name="tag" value="gone" checked' in page
        assert 'name="store" value="S1"' in page

    def test_pages_come_in_both_languages(self, shop, people, hire):
        for language, role in (("en", "owner"), ("zh-hans", "operations")):
            browser = hire(role, language=language)
            for path in ("", "/filter", "/display", "/views", "/views/save", "/export?tier=gold"):
                assert browser.get(f"/members{path}").status_code == 200, path


class TestLayout:
    def test_columns_density_and_rows_are_remembered_for_the_account(self, shop, people, hire):
        browser = hire()
        answer = browser.post(
            "/members/display",
            {"column": ["card", "tier", "nonsense"], "density": "tight", "rows": "20", "of": "tier=gold"},
        )
        assert (answer.status_code, answer["Location"]) == (303, "/members?tier=gold")
        page = browser.get("/members").content.decode()
        assert re.findall(r'<th scope="col"[^>]*>([^<]+)</th>', page) == ["Member", "Card", "Tier"]
        assert "people tight" in page
        assert len(re.findall('name="ids"', page)) == 20
        assert 'name="rows"' not in page
        other = hire("operations").get("/members").content.decode()
        assert "people tight" not in other
        kept = ListPreference.objects.get()
        assert (kept.columns, kept.density, kept.rows) == (["card", "tier"], "tight", 20)

    def test_nonsense_becomes_the_usual(self, shop, hire):
        hire().post("/members/display", {"density": "x" * 100, "rows": "9" * 5000})
        kept = ListPreference.objects.get()
        assert (kept.columns, kept.density, kept.rows) == ([], "normal", 50)


class TestViews:
    def test_a_view_is_saved_without_its_search_text(self, shop, people, hire):
        browser = hire()
        answer = browser.post(
            "/members/views/save",
            {
                "name": " 金卡  沉睡 ",
                "of": "q=13800000003&tier=gold&sort=points",
                "shared": "on",
                "once": "a",
            },
        )
        assert (answer.status_code, answer["Location"]) == (303, "/members?tier=gold&sort=points")
        view = SavedView.objects.get()
        assert (view.name, view.query, view.shared) == ("金卡 沉睡", "tier=gold&sort=points", True)
        n = sum(p.tier == "gold" for p in people)
        assert f"金卡 沉睡 {n}" in text(hire("associate").get("/members"))
        # The same form again does nothing more.
        browser.post(
            "/members/views/save",
            {
                "name": " 金卡  沉睡 ",
                "of": "q=13800000003&tier=gold&sort=points",
                "shared": "on",
                "once": "a",
            },
        )
        assert SavedView.objects.count() == 1

    def test_a_private_view_is_seen_by_nobody_else_nor_changed(self, shop, hire):
        browser = hire()
        browser.post("/members/views/save", {"name": "mine", "of": "tier=gold"})
        view = SavedView.objects.get()
        other = hire("operations")
        assert "mine" not in text(other.get("/members"))
        for act in ("", "/delete", "/restore"):
            assert other.post(f"/members/views/{view.pk}{act}", {"name": "x"}).status_code == 404
        view.refresh_from_db()
        assert (view.name, view.deleted_at) == ("mine", None)

    def test_who_may_not_write_cannot_share(self, shop, hire):
        hire("auditor").post("/members/views/save", {"name": "all", "of": "", "shared": "on"})
        assert SavedView.objects.get().shared is False

    @pytest.mark.parametrize("of", ["rfm=high_value", "value=core", "r=1", "f=5", "m=1", "tier=gold&rfm=new"])
    def test_a_view_is_held_against_the_role(self, shop, people, hire, of):
        """Its count would tell an account what its role may not ask."""
        owner = hire()
        owner.post("/members/views/save", {"name": "secret", "of": of, "shared": "on"})
        assert "secret" in text(owner.get("/members"))
        for role in ("associate", "customer_service"):
            browser = hire(role)
            assert "secret" not in text(browser.get("/members"))
            assert "secret" not in text(browser.get("/members/tabs", headers={"HX-Request": "true"}))
            answer = browser.post("/members/views/save", {"name": "mine", "of": of, "once": "b"})
            assert answer.status_code == 403
        assert SavedView.objects.count() == 1

    def test_a_view_of_a_former_role_can_be_deleted(self, shop, hire):
        browser = hire("operations")
        browser.post("/members/views/save", {"name": "former", "of": "rfm=high_value"})
        view = SavedView.objects.get()
        other = hire("associate")
        SavedView.objects.update(staff_id=int(other.session["_auth_user_id"]))
        assert "former" not in text(other.get("/members"))
        assert "former" in other.get("/members/views").content.decode()
        assert other.post(f"/members/views/{view.pk}/delete").status_code == 303

    @pytest.mark.parametrize(
        ("name", "said"),
        [
            ("", "1 to 40 characters"),
            ("x" * 10_000, "1 to 40 characters"),
            ("twice", "view of this name already"),
        ],
    )
    def test_a_bad_name_is_told_at_the_field(self, shop, hire, name, said):
        browser = hire()
        browser.post("/members/views/save", {"name": "twice", "of": "tier=gold"})
        answer = browser.post("/members/views/save", {"name": name, "of": "tier=gold"})
        assert answer.status_code == 422
        assert said in text(answer)
        assert SavedView.objects.count() == 1

    def test_renaming_deleting_and_taking_that_back(self, shop, hire):
        browser = hire()
        browser.post("/members/views/save", {"name": "one", "of": "tier=gold"})
        view = SavedView.objects.get()
        browser.post(f"/members/views/{view.pk}", {"name": "two"})
        assert "two" in text(browser.get("/members"))
        browser.post(f"/members/views/{view.pk}/delete")
        page = browser.get("/members/views").content.decode()
        assert f"/members/views/{view.pk}/restore" in page  # the toast
        assert "two" not in text(browser.get("/members"))
        browser.post(f"/members/views/{view.pk}/restore")
        assert "two" in text(browser.get("/members"))

    def test_a_view_of_a_store_that_is_gone_still_opens(self, shop, people, hire):
        browser = hire()
        browser.post("/members/views/save", {"name": "far", "of": "store=S1"})
        SavedView.objects.update(query="store=S9")
        assert "far" in text(browser.get("/members"))
        assert "is not in this shop" in text(browser.get("/members?store=S9"))


def test_the_list_is_the_same_without_a_night(shop):
    """Before the first computation every purchase counts as new: nothing is missing."""
    people = crowd(shop, 20)
    with connection.cursor() as cursor:
        cursor.execute("delete from segments_cube")
        cursor.execute("delete from segments_featurerun")
        cursor.execute("delete from segments_memberfeatures")
    with translation.override("en"):
        page = member_list(SYSTEM, QueryDict("sort=last"), OPENING)
    last = {p.id: max((day for day, _ in p.orders), default=None) for p in people}
    assert {row.id: row.last_date for row in page.rows} == last
    dated = [row.last_date for row in page.rows if row.last_date]
    assert dated == sorted(dated, reverse=True)
    assert AS_OF < TODAY
