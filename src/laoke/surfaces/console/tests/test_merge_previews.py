"""What the pages say would come of a merge, or of undoing it, is what the act then does, whatever happened before."""

from __future__ import annotations

import random
from contextlib import suppress
from datetime import date, timedelta
from itertools import count

import pytest
from django.utils import translation

from laoke.checkout import programme
from laoke.engine.ledger.errors import InsufficientPoints
from laoke.foundation.access import SYSTEM, Caller, Scope
from laoke.members import services as members
from laoke.members.types import ConsentInput, IdentityInput, ProfileChanges
from laoke.points import services as points
from laoke.surfaces.console.selectors.member.sides import rows_of, side_of
from laoke.surfaces.console.selectors.member.state import state_of
from laoke.surfaces.console.selectors.merging import merge_preview, merge_row, unmerge_preview
from tests.shop import OPENING, account, broken, line, lots, tier

from .test_member_edit import facts

_numbers = count(1)


TAGS = ("母婴", "有机", "周末", "宠物")


class Life:
    """Lets things happen to members, by chance, in order of time."""

    def __init__(self, shop, seed: int) -> None:
        self.shop, self.chance = shop, random.Random(seed)
        self.at = OPENING - timedelta(days=480)
        self.till = shop.till(self.at)
        self.sold: list[int] = []

    def born(self) -> int:
        chance = self.chance
        kinds = chance.sample(("phone", "card", "email"), chance.randrange(1, 4))
        return members.register(
            caller=SYSTEM,
            at=self.at,
            name=chance.choice((None, "李小梅", "李小梅", "王芳")),
            birth_date=chance.choice((None, date(1990, 3, 12), date(1990, 3, 12))),
            gender=chance.choice(("", "f", "m")),
            language=chance.choice(("", "zh-CN", "en")),
            home_store_id=chance.choice((None, *self.shop.stores.values())),
            tags=chance.sample(TAGS, chance.randrange(3)),
            identities=[self._identity(kind) for kind in kinds],
            consents=[
                ConsentInput(channel, "marketing", chance.random() < 0.5, "pos")
                for channel in chance.sample(("sms", "email", "app"), chance.randrange(3))
            ],
        )

    def _identity(self, kind: str) -> IdentityInput:
        number = next(_numbers)
        value = {
            "phone": f"138{number:08}",
            "card": f"HL{number:06}",
            "email": f"m{number}@example.com",
        }
        return IdentityInput(kind, value[kind])

    def live(self, who: list[int], steps: int, until_days: int) -> None:
        """`steps` things happen to the members, evenly until so many days from OPENING."""
        gap = (OPENING + timedelta(days=until_days) - self.at) / (steps + 1)
        for _ in range(steps):
            self.at += gap
            self.till.at = self.at
            deed = self.chance.choice(
                (
                    self.buy,
                    self.buy,
                    self.buy,
                    self.bring_back,
                    self.regret,
                    self.adjust,
                    self.tag,
                    self.answer,
                    self.edit,
                    self.identify,
                )
            )
            deed(self.chance.choice(who))

    def buy(self, member: int) -> None:
        sku, quantity = self.chance.choice((("milk", 3), ("rice", 2), ("wine", 1), ("wine", 3)))
        store = self.chance.choice(("S1", "S2"))
        usable = side_of(state_of(SYSTEM, member, self.at)).points // 100 * 100
        worth = {"milk": 1250, "rice": 6990, "wine": 50000}[sku] * quantity // 100 * 100
        spent = min(usable, worth) if self.chance.random() < 0.5 else 0
        number, goods = f"N{next(_numbers)}", line(sku, quantity)
        reply = self.till.sell(number, member, goods, store=store, points_to_redeem=spent)
        if reply.status == 201:
            self.sold.append(reply["order_id"])

    def bring_back(self, _member: int) -> None:
        if self.sold:
            whole = self.chance.random() < 0.5
            lines = () if whole else ((1, "1"),)
            self.till.take_back(self.chance.choice(self.sold), f"R{next(_numbers)}", *lines)

    def regret(self, member: int) -> None:
        """Spend what a purchase earned and bring the goods back: points are owed."""
        first = self.till.sell(f"N{next(_numbers)}", member, line("wine", 3))
        usable = side_of(state_of(SYSTEM, member, self.at)).points // 100 * 100
        self.till.sell(f"N{next(_numbers)}", member, line("wine", 1), points_to_redeem=usable)
        if first.status == 201:
            self.till.take_back(first["order_id"], f"R{next(_numbers)}")

    def adjust(self, member: int) -> None:
        with suppress(InsufficientPoints):
            points.apply(SYSTEM, member, self.chance.choice((500, 80, -60)), "补偿", at=self.at)

    def tag(self, member: int) -> None:
        word = self.chance.choice(TAGS)
        if self.chance.random() < 0.5:
            members.tag(caller=SYSTEM, member_id=member, tags=[word], at=self.at)
        else:
            members.untag(caller=SYSTEM, member_id=member, tags=[word], at=self.at)

    def answer(self, member: int) -> None:
        members.record_consent(
            caller=SYSTEM,
            member_id=member,
            channel=self.chance.choice(("sms", "email", "app")),
            purpose="marketing",
            granted=self.chance.random() < 0.5,
            at=self.at,
            source="pos",
        )

    def edit(self, member: int) -> None:
        changes: ProfileChanges = self.chance.choice(
            (
                {"gender": "f"},
                {"language": ""},
                {"name": "赵敏"},
                {"birth_date": None},
                {"home_store_id": None},
            )
        )
        members.update(
            caller=SYSTEM,
            member_id=member,
            changes=changes,
            expected_version=state_of(SYSTEM, member, self.at).version,
            at=self.at,
        )

    def identify(self, member: int) -> None:
        identity = self._identity(self.chance.choice(("phone", "card")))
        members.add_identity(caller=SYSTEM, member_id=member, identity=identity, at=self.at)


def rows(*member_ids: int, at):
    ladder = programme.current().ladder
    return rows_of(SYSTEM, ladder, [side_of(state_of(SYSTEM, one, at)) for one in member_ids])


def last(found, cells: int):
    """The last cells of each trait; of a trait nobody has there is no row."""
    return {row.label: row.cells[-cells:] for row in found if any(row.cells[-cells:])}


@pytest.mark.parametrize("seed", range(24))
def test_the_preview_is_what_comes_of_it(shop, seed):
    life = Life(shop, seed)
    kept, gone = life.born(), life.born()
    life.live([kept, gone], steps=30, until_days=0)
    if seed % 4 == 3:
        for one in (kept, gone):
            members.block(caller=SYSTEM, member_id=one, reason="调查", at=life.at)
    at = OPENING
    before = facts()
    told = merge_preview(SYSTEM, state_of(SYSTEM, kept, at), state_of(SYSTEM, gone, at), at)
    assert facts() == before
    assert told.refused is None
    made = members.merge(caller=SYSTEM, kept_id=kept, gone_id=gone, reason="同一个人", at=at)
    assert last(told.rows, 1) == last(rows(kept, at=at), 1)

    life.live([kept], steps=8, until_days=20)
    at = OPENING + timedelta(days=20)
    before = facts()
    told = unmerge_preview(SYSTEM, merge_row(SYSTEM, made, at), at)
    assert facts() == before
    assert told.refused is None
    assert {row.label: row.cells[:1] for row in told.rows if row.cells[0]} == last(rows(kept, at=at), 1)
    members.unmerge(caller=SYSTEM, merge_id=made, at=at)
    assert last(told.rows, 2) == last(rows(kept, gone, at=at), 2)
    assert broken() == {}


def test_the_histories_have_what_can_go_wrong(shop):
    """Chance must not leave out what the previews are held against."""
    met = set()
    for seed in range(24):
        life = Life(shop, seed)
        kept, gone = life.born(), life.born()
        life.live([kept, gone], steps=30, until_days=0)
        for name, one in (("kept", kept), ("gone", gone)):
            side = side_of(state_of(SYSTEM, one, OPENING))
            met |= {
                f"{name} {what}"
                for what in ("points", "debt", "tags", "consents", "orders")
                if getattr(side, what)
            }
            met |= {f"{name} {tier(one)}"}
            met |= {
                f"{name} expired"
                for *_, expires_at, _points, left in lots(one)
                if left and expires_at <= OPENING
            }
            met |= {f"{name} redeemed" for _ in range(account(one)["redeemed_total"] > 0)}
    assert met >= {
        f"{name} {what}"
        for name in ("kept", "gone")
        for what in (
            "points",
            "debt",
            "tags",
            "consents",
            "orders",
            "basic",
            "silver",
            "gold",
            "expired",
            "redeemed",
        )
    }


def test_merges_of_merged_ones(shop):
    life = Life(shop, 5)
    people = [life.born() for _ in range(3)]
    life.live(people, steps=30, until_days=-5)
    first = members.merge(
        caller=SYSTEM, kept_id=people[1], gone_id=people[2], reason="同一人", at=OPENING - timedelta(days=4)
    )
    told = merge_preview(
        SYSTEM, state_of(SYSTEM, people[0], OPENING), state_of(SYSTEM, people[1], OPENING), OPENING
    )
    second = members.merge(caller=SYSTEM, kept_id=people[0], gone_id=people[1], reason="同一人", at=OPENING)
    assert last(told.rows, 1) == last(rows(people[0], at=OPENING), 1)
    for merge_id, two in ((second, people[:2]), (first, people[1:])):
        told = unmerge_preview(SYSTEM, merge_row(SYSTEM, merge_id, OPENING), OPENING)
        members.unmerge(caller=SYSTEM, merge_id=merge_id, at=OPENING)
        assert last(told.rows, 2) == last(rows(*two, at=OPENING), 2)


def test_an_account_limited_to_stores_counts_the_orders_of_its_stores(shop):
    kept, gone = shop.member(at=OPENING - timedelta(days=60)), shop.member(at=OPENING - timedelta(days=60))
    till = shop.till(OPENING - timedelta(days=20))
    for number, (who, store) in enumerate(((kept, "S1"), (gone, "S1"), (gone, "S2"), (gone, "S2"))):
        till.sell(f"L{number}", who, line("wine"), store=store)
    limited = Caller(
        kind="staff",
        id=1,
        label="店长",
        scopes=frozenset(Scope),
        stores=frozenset({shop.stores["S1"]}),
    )
    with translation.override("en"):
        told = merge_preview(
            limited, state_of(limited, kept, OPENING), state_of(limited, gone, OPENING), OPENING
        )
    by_label = {row.label: row.cells for row in told.rows}
    assert by_label["Orders"] == (("1",), ("1",), ("2",))
    assert by_label["Tier"] == (("Silver",), ("Silver",), ("Gold",))  # earned wherever they bought
    made = members.merge(caller=SYSTEM, kept_id=kept, gone_id=gone, reason="同一个人", at=OPENING)
    with translation.override("en"):
        told = unmerge_preview(limited, merge_row(limited, made, OPENING), OPENING)
    assert {row.label: row.cells for row in told.rows}["Orders"] == (("2",), ("1",), ("1",))


def test_looking_takes_no_lock_and_few_statements(shop, hire, statements):
    life = Life(shop, 2)
    kept, gone = life.born(), life.born()
    life.live([kept, gone], steps=40, until_days=0)
    browser = hire()
    browser.get("/members/merges")
    with statements() as sent:
        assert browser.get(f"/members/merge?kept={kept}&gone={gone}").status_code == 200
    assert len(sent) <= 12
    assert not [each for each in sent if "for update" in each.lower() or "insert into members" in each]
    made = members.merge(caller=SYSTEM, kept_id=kept, gone_id=gone, reason="同一个人", at=OPENING)
    with statements() as sent:
        assert browser.get(f"/members/merges/{made}/undo").status_code == 200
    assert len(sent) <= 12
    assert not [each for each in sent if "for update" in each.lower() or "insert into members" in each]
