"""A programme made ready for the till: conditions compiled, offers filed under what a basket must have for them.

The cost of a price then depends on the offers that concern the basket, not on how many there are. Compiled once per
version; what it learns about articles it keeps.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from laoke.engine.conditions import All, Is, Op, Tree, leaves
from laoke.engine.conditions.predicates import first_failure
from laoke.engine.pricing import questions
from laoke.engine.pricing.basket import Article, Basket
from laoke.engine.pricing.board import Facts
from laoke.engine.pricing.earning import Earning, EarnTerms
from laoke.engine.pricing.effects.extras import Shipping
from laoke.engine.pricing.guards import UNGUARDED, Guards
from laoke.engine.pricing.offers import Offer
from laoke.engine.pricing.policies import STANDARD, Combine, Policies
from laoke.engine.pricing.questions import Asked
from laoke.engine.pricing.selectors import Key, Seen, Selector, keys_of
from laoke.engine.pricing.tender import TenderTerms

Failing = Callable[[Asked], Tree | None]
# Attributes of the shopper under which offers for the whole basket are filed.
MEMBER_KEYS = ("member.segment", "member.tag")


class Ready:
    """An offer with its conditions compiled.

    `place` is its place in the order of application, `rank` in the list of the programme; `alone_in` names the sets in
    which one offer stays for the whole basket.
    """

    __slots__ = (
        "alone_in",
        "conditions",
        "early",
        "late",
        "late_trees",
        "offer",
        "once_per_line",
        "place",
        "rank",
        "rationed",
        "selectors",
        "ships",
        "shrinks",
        "targeted",
        "unbound",
    )

    def __init__(
        self, offer: Offer, place: int, rank: int, combine: Combine, selector_of: questions.SelectorOf
    ) -> None:
        reader = questions.reader(selector_of)
        conditions = list(_flat(offer.when))
        late = [tree for tree in conditions if questions.is_late(tree)]
        early = [tree for tree in conditions if not questions.is_late(tree)]
        self.offer = offer
        self.place = place
        self.once_per_line = offer.once_per_line
        self.rationed = offer.limits.budget_minor is not None or offer.limits.budget_uses is not None
        self.rank = rank
        self.early: Failing | None = first_failure(All(tuple(early)), reader) if early else None
        self.late: Failing | None = first_failure(All(tuple(late)), reader) if late else None
        # Nothing but its turn decides on it.
        self.unbound = (
            offer.active
            and self.early is None
            and not offer.limits.limited
            and (offer.starts_at, offer.ends_at, offer.channels) == (None, None, None)
        )
        self.late_trees = late
        self.conditions = [(tree, first_failure(tree, reader)) for tree in conditions]
        self.selectors = [each for effect in offer.effects for each in effect.looks_at()]
        self.targeted = any(each is not None for each in self.selectors)
        self.ships = any(isinstance(effect, Shipping) for effect in offer.effects)
        self.shrinks = all(
            effect.shrinks_closed if offer.once_per_line else effect.shrinks for effect in offer.effects
        )
        alone: list[tuple[object, str]] = []
        if offer.exclusive_set is not None:
            alone.append(("set", offer.exclusive_set))
        if offer.group is not None and combine is Combine.BEST_FOR_MEMBER:
            # The other ways of combining choose within a group before the stage begins.
            alone.append((offer.stage, offer.group))
        self.alone_in = frozenset(alone)

    def __repr__(self) -> str:
        return f"Ready({self.offer.key})"

    def waits_only_for(self, leaf: Tree, asked: Asked) -> bool:
        """Whether every other condition holds."""
        return all(failed(asked) is None for tree, failed in self.conditions if tree != leaf)


def _flat(trees: Iterable[Tree]) -> Iterator[Tree]:
    for tree in trees:
        if isinstance(tree, All):
            yield from _flat(tree.parts)
        else:
            yield tree


class _Learnt:
    """What is known of an article: the selectors that match it, the offers that concern it."""

    __slots__ = ("article", "offers", "selectors")

    def __init__(self, article: Article, selectors: tuple[Selector, ...], offers: tuple[Ready, ...]) -> None:
        self.article = article
        self.selectors = selectors
        self.offers = offers


class Programme:
    """Offers and policies, compiled.

    Args:
        offers: in the order of the programme.
        tender: how points settle a part; None takes no points.
        earning: how points are earned; None earns none.
        guards: what offers must leave.
    """

    def __init__(
        self,
        offers: Sequence[Offer],
        policies: Policies = STANDARD,
        tender: TenderTerms | None = None,
        earning: EarnTerms | None = None,
        guards: Guards = UNGUARDED,
    ) -> None:
        self.policies = policies
        self.tender = tender
        self.guards = guards
        self._selectors: dict[Tree, Selector] = {}
        ordered = sorted(enumerate(offers), key=lambda each: (each[1].stage, -each[1].priority))
        self.offers = tuple(
            Ready(offer, place, rank, policies.combine, self.selector)
            for place, (rank, offer) in enumerate(ordered)
        )
        self._by_code: dict[str, list[Ready]] = {}
        self._by_template: dict[str, list[Ready]] = {}
        self._by_member: dict[tuple[str, object], list[Ready]] = {}
        self._by_selector: dict[Selector, list[Ready]] = {}
        self._everywhere: list[Ready] = []
        for ready in self.offers:
            self._file(ready)
        self.earning = None if earning is None else Earning(earning, self.selector)
        self._by_key: dict[Key, list[Selector]] = {}
        self._keyless: list[Selector] = []
        for selector in self._used_selectors():
            if selector.keys is None:
                self._keyless.append(selector)
            for key in selector.keys or ():
                self._by_key.setdefault(key, []).append(selector)
        self._learnt: dict[str, _Learnt] = {}

    def selector(self, tree: Tree) -> Selector:
        """The one compiled selector of a narrowing tree."""
        found = self._selectors.get(tree)
        if found is None:
            found = self._selectors[tree] = Selector(tree)
        return found

    @property
    def line_attributes(self) -> set[str]:
        """Every attribute that selectors of the programme ask of lines."""
        return {leaf.attribute for selector in self._used_selectors() for leaf in leaves(selector.tree)}

    def code(self, text: str) -> str:
        """A code as it is compared."""
        return text if self.policies.codes_case_sensitive else text.casefold()

    def with_code(self, code: str) -> list[Ready]:
        """The offers a code, written as `code` gives it, belongs to."""
        return self._by_code.get(code, [])

    def with_coupon(self, template: str) -> list[Ready]:
        """The offers that coupons of a template are for."""
        return self._by_template.get(template, [])

    def concerned(self, basket: Basket, facts: Facts) -> tuple[dict[Selector, list[int]], set[Ready]]:
        """The lines each selector matches, and the automatic offers that may apply to this basket."""
        matched: dict[Selector, list[int]] = {}
        found = set(self._everywhere)
        for i, line in enumerate(basket.lines):
            learnt = self._learnt.get(line.article.sku)
            if learnt is None or learnt.article is not line.article:
                learnt = self._learn(line.article)
            for selector in learnt.selectors:
                lines = matched.get(selector)
                if lines is None:
                    matched[selector] = [i]
                else:
                    lines.append(i)
            found.update(learnt.offers)
        if self._by_member:
            for name in MEMBER_KEYS:
                value = facts.known.get(name)
                for each in value if isinstance(value, frozenset) else (value,):
                    found.update(self._by_member.get((name, each), ()))
        return matched, found

    def _learn(self, article: Article) -> _Learnt:
        keyed = {selector for key in keys_of(article) for selector in self._by_key.get(key, ())}
        near = [*keyed, *self._keyless]
        seen = Seen(article)
        matching = tuple(each for each in near if each.static and each.matches(seen))
        concerned: dict[Ready, None] = {}
        for selector in near:
            if not selector.static or selector in matching:
                concerned.update(dict.fromkeys(self._by_selector.get(selector, ())))
        learnt = _Learnt(article, matching, tuple(concerned))
        self._learnt[article.sku] = learnt
        return learnt

    def _file(self, ready: Ready) -> None:
        offer = ready.offer
        if offer.codes or offer.coupons:
            for code in offer.codes:
                self._by_code.setdefault(self.code(code), []).append(ready)
            for template in offer.coupons:
                self._by_template.setdefault(template, []).append(ready)
        elif selectors := _needed_selectors(offer, self.selector):
            for selector in selectors:
                self._by_selector.setdefault(selector, []).append(ready)
        elif keys := _needed_member_keys(offer.when):
            for key in keys:
                self._by_member.setdefault(key, []).append(ready)
        else:
            self._everywhere.append(ready)

    def _used_selectors(self) -> Iterable[Selector]:
        seen: dict[Selector, None] = dict.fromkeys(self._selectors.values())
        for ready in self.offers:
            seen.update(dict.fromkeys(each for each in ready.selectors if each is not None))
        for rule in self.earning.terms.rules if self.earning else ():
            if rule.target is not None:
                seen[rule.target] = None
        return list(seen)


def _needed_selectors(offer: Offer, selector_of: questions.SelectorOf) -> list[Selector]:
    """Selectors of which one must match a line for the offer to do anything; empty when none is known."""
    for tree in offer.when:
        if isinstance(tree, Is) and tree.of is not None and _asks_for_some(tree):
            return [selector_of(tree.of)]
    needed = []
    for effect in offer.effects:
        own = getattr(effect, "target", None) or getattr(getattr(effect, "get", None), "target", None)
        if own is None:
            return []
        needed.append(own)
    return needed


def _asks_for_some(leaf: Is) -> bool:
    if not isinstance(leaf.value, int) or leaf.option("include_shipping", False):
        return False
    return (leaf.op is Op.GTE and leaf.value > 0) or (leaf.op is Op.GT and leaf.value >= 0)


def _needed_member_keys(when: Sequence[Tree]) -> list[tuple[str, object]]:
    for tree in when:
        if isinstance(tree, Is) and tree.attribute in MEMBER_KEYS:
            if tree.op in (Op.IN, Op.HAS_ALL) and isinstance(tree.value, frozenset):
                return [(tree.attribute, value) for value in tree.value]
            if tree.op is Op.EQ:
                return [(tree.attribute, tree.value)]
    return []
