"""Where the search over everything can lead besides members and orders: pages, and forms to start something with."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.utils import translation
from django.utils.translation import gettext_lazy as _

from laoke.foundation.access import Caller, Scope
from laoke.foundation.config import LANGUAGES
from laoke.surfaces.console.pages import NAVIGATION


@dataclass(frozen=True, slots=True)
class Goal:
    """A page that stands in no navigation, or a form. `whole`: not for accounts that are limited to stores."""

    path: str
    label: Any
    icon: str
    scope: Scope | None = None
    whole: bool = False

    def is_for(self, caller: Caller) -> bool:
        """Whether the caller may open it."""
        return (self.scope is None or self.scope in caller.scopes) and not (
            self.whole and caller.stores is not None
        )


# Pages that stand under another one, with what that is called.
UNDER: tuple[tuple[Any, Goal], ...] = (
    (_("Overview"), Goal("/overview/targets", _("Targets"), "target", Scope.INSIGHT_READ)),
    (_("Members"), Goal("/members/views", _("Saved views"), "table", Scope.MEMBERS_READ)),
    (_("Members"), Goal("/exports", _("Files"), "download", Scope.MEMBERS_READ)),
    (_("Stores and products"), Goal("/stores/regions", _("Regions"), "map-2", Scope.STORES_READ)),
    (_("Stores and products"), Goal("/stores/channels", _("Channels"), "device-mobile", Scope.STORES_READ)),
    (_("Stores and products"), Goal("/products/categories", _("Categories"), "tag", Scope.PRODUCTS_READ)),
    (_("Settings"), Goal("/settings/roles", _("What each role may do"), "shield-lock")),
    (_("My account"), Goal("/account", _("My account"), "user")),
    (_("My account"), Goal("/account/password", _("Change password"), "key")),
    (_("My account"), Goal("/notices", _("Notices"), "bell")),
    (_("My account"), Goal("/help", _("Help"), "help")),
)
# What can be started from anywhere.
ACTS: tuple[Goal, ...] = (
    Goal("/members/new", _("Register a member"), "user-plus", Scope.MEMBERS_WRITE),
    Goal("/members/merge", _("Merge two members"), "git-merge", Scope.MEMBERS_MERGE),
    Goal("/promotions/new", _("New offer"), "discount", Scope.PROGRAMME_WRITE, whole=True),
    Goal("/coupons/new", _("New coupon template"), "ticket", Scope.PROGRAMME_WRITE, whole=True),
    Goal("/imports/new", _("Import files"), "file-import", Scope.STORES_WRITE, whole=True),
    Goal("/stores/new", _("Add a store"), "building-store", Scope.STORES_WRITE, whole=True),
    Goal("/products/new", _("Add a product"), "tag", Scope.PRODUCTS_WRITE),
    Goal("/settings/staff/new", _("New account"), "shield-lock", Scope.STAFF),
    Goal("/settings/keys/new", _("Create a key"), "key", Scope.API_KEYS),
    Goal("/settings/webhooks/new", _("Add an endpoint"), "webhook", Scope.WEBHOOKS),
)


@dataclass(frozen=True, slots=True)
class Place:
    """One line of the search: where it leads, what that is called, and under which heading it stands elsewhere."""

    path: str
    group: str
    label: str
    icon: str


def pages(caller: Caller, text: str) -> tuple[Place, ...]:
    """The pages the caller may open whose name holds the text, in any of our languages; all for no text."""
    shown = [
        (group.label, Goal(entry.path, entry.label, entry.icon, entry.scope))
        for group in NAVIGATION
        for entry in group.entries
    ]
    return tuple(_matching(caller, text, (*shown, *UNDER)))


def acts(caller: Caller, text: str) -> tuple[Place, ...]:
    """What the caller may start, by the same rule."""
    return tuple(_matching(caller, text, (("", act) for act in ACTS)))


def _matching(caller: Caller, text: str, goals: Any) -> Iterator[Place]:
    folded = text.casefold()
    for group, goal in goals:
        if goal.is_for(caller) and (not folded or any(folded in said for said in _said(group, goal))):
            yield Place(goal.path, str(group), str(goal.label), goal.icon)


def _said(group: Any, goal: Goal) -> Iterator[str]:
    """The name in each language: whoever reads one may well type the other."""
    for language in LANGUAGES:
        with translation.override(language):
            yield f"{group} {goal.label}".casefold()
