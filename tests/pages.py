"""The register of pages: every address that people open, who may open it, and who may send it a form.

The tests walk over it: roles against pages, axe, widths, weights. So does the benchmark. An address that is in no
`urls.py` or is missing here fails `tests/test_pages.py`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any

from django.urls import URLPattern, get_resolver, reverse

from laoke.foundation.access import ROLE_SCOPES, Role, Scope


class Kind(Enum):
    """What comes back from an address."""

    PAGE = auto()  # a page of its own; a dialog too, which is a page that script shows over another
    PART = auto()  # a piece of a page that script asks for
    FILE = auto()
    DOOR = auto()  # takes forms and leads on; nothing to look at
    MACHINE = auto()  # not for people: health, metrics


@dataclass(frozen=True)
class Address:
    """One entry. `scope` opens it, `send` lets send it a form; both None: everybody who is signed in.

    `queries` are the ways it is looked at. `status` is what it answers in the furnished shop, where that is a refusal:
    there is nothing to switch off, say. `owned`: nobody but whom it belongs to finds it there.
    """

    kind: Kind = Kind.PAGE
    scope: Scope | None = None
    send: Scope | None = None
    public: bool = False
    takes_forms: bool = False
    charts: bool = False
    queries: tuple[str, ...] = ("",)
    status: int = 200
    owned: bool = False

    def may_open(self, role: Role) -> bool:
        """Whether a role may look at it."""
        return self.public or self.scope is None or self.scope in ROLE_SCOPES[role]

    def may_send(self, role: Role) -> bool:
        """Whether a role may send it a form."""
        needs = self.send or self.scope
        return self.takes_forms and (needs is None or needs in ROLE_SCOPES[role])


def page(scope: Scope | None = None, *queries: str, send: Scope | None = None, **more: Any) -> Address:
    """A page to look at; with `send` it takes a form too."""
    return Address(Kind.PAGE, scope, send, takes_forms=send is not None, queries=("", *queries), **more)


def form(scope: Scope | None = None, **more: Any) -> Address:
    """A page whose form goes to its own address, both under one scope."""
    return Address(Kind.PAGE, scope, scope, takes_forms=True, **more)


def part(scope: Scope | None = None, *queries: str, **more: Any) -> Address:
    """A piece of a page."""
    return Address(Kind.PART, scope, queries=queries or ("",), **more)


def door(scope: Scope | None = None, **more: Any) -> Address:
    """Takes forms only."""
    return Address(Kind.DOOR, scope, scope, takes_forms=True, **more)


MACHINE = Address(Kind.MACHINE, public=True)

REGISTER: dict[str, Address] = {
    "healthz": MACHINE,
    "readyz": MACHINE,
    "metrics": MACHINE,
    "preferences": Address(Kind.DOOR, public=True, takes_forms=True),
    "problems": Address(public=True),
    "problem": Address(public=True),
    "login": Address(public=True, takes_forms=True),
    "logout": Address(Kind.DOOR, public=True, takes_forms=True),
    "login-code": Address(Kind.DOOR, public=True, takes_forms=True),
    "sign-on": Address(Kind.DOOR, public=True, takes_forms=True),
    "sign-on-back": Address(Kind.DOOR, public=True),
    "resume": door(),
    "overview": page(Scope.INSIGHT_READ, charts=True),
    "overview-series": Address(Kind.FILE, Scope.INSIGHT_READ),
    "overview-count": door(Scope.PROGRAMME_WRITE),
    "targets": page(Scope.INSIGHT_READ),
    "target": form(Scope.PROGRAMME_WRITE),
    "target-remove": door(Scope.PROGRAMME_WRITE),
    "target-restore": door(Scope.PROGRAMME_WRITE),
    "search": page(None, "?q=王", "?q=no-such-thing"),
    "place": form(),
    "notices": form(),
    "help": page(),
    "shortcuts": Address(Kind.DOOR, public=True, takes_forms=True),
    # Everybody's own account.
    "account": page(),
    "account-password": form(),
    "account-first-password": door(),  # a page for whoever has a given password; it leads others on
    "account-codes": form(),
    "account-codes-off": form(status=409),
    "account-recovery": form(status=409),
    "account-recovery-file": door(),
    "account-sessions-end": door(),
    "account-session-end": door(),
    # Staff.
    "roles": page(),
    "staff": page(Scope.STAFF),
    "staff-new": form(Scope.STAFF),
    "staff-one": form(Scope.STAFF),
    "staff-disable": form(Scope.STAFF),
    "staff-enable": door(Scope.STAFF),
    "staff-password": form(Scope.STAFF),
    "staff-codes": form(Scope.STAFF),
    "staff-unlink": form(Scope.STAFF),
    "staff-sessions-end": door(Scope.STAFF),
    "staff-session-end": door(Scope.STAFF),
    # Members.
    "members": page(Scope.MEMBERS_READ, "?q=王", "?q=no-such-thing"),
    "member": page(Scope.MEMBERS_READ),
    "member-new": form(Scope.MEMBERS_WRITE),
    "member-edit": form(Scope.MEMBERS_WRITE),
    "member-identities": form(Scope.MEMBERS_WRITE),
    "member-identity-remove": form(Scope.MEMBERS_WRITE),
    "member-household": form(Scope.MEMBERS_WRITE),
    "member-tags": form(Scope.MEMBERS_WRITE),
    "member-consents": form(Scope.MEMBERS_WRITE),
    "member-block": form(Scope.MEMBERS_WRITE),
    "member-unblock": form(Scope.MEMBERS_WRITE),
    "member-points": form(Scope.POINTS_ADJUST),
    "member-tier": form(Scope.TIERS_ASSIGN),
    "member-tier-remove": form(Scope.TIERS_ASSIGN),
    "member-points-preview": door(Scope.POINTS_ADJUST),
    "member-reveal": form(Scope.MEMBERS_REVEAL),
    "member-export": form(Scope.MEMBERS_REVEAL),
    "member-erase": form(Scope.MEMBERS_ERASE),
    "merge": form(Scope.MEMBERS_MERGE, queries=("", "?kept={person}", "?kept={person}&gone={same_person}")),
    "merges": page(Scope.MEMBERS_MERGE),
    "merge-undo": form(Scope.MEMBERS_MERGE),
    "member-timeline": part(Scope.MEMBERS_READ),
    "member-orders": page(Scope.MEMBERS_READ),
    "member-statement": page(Scope.MEMBERS_READ),
    "member-profile": page(Scope.MEMBERS_READ),
    "member-changes": page(Scope.MEMBERS_READ),
    "order": page(Scope.ORDERS_READ),
    "members-rows": part(Scope.MEMBERS_READ),
    "members-count": part(Scope.MEMBERS_READ),
    "members-tabs": part(Scope.MEMBERS_READ),
    "members-filter": page(Scope.MEMBERS_READ),
    "members-display": form(Scope.MEMBERS_READ),
    "members-export": form(Scope.MEMBERS_READ),
    "views": page(Scope.MEMBERS_READ),
    "view-save": form(Scope.MEMBERS_READ),
    "view": door(Scope.MEMBERS_READ),
    "view-delete": door(Scope.MEMBERS_READ),
    "view-restore": door(Scope.MEMBERS_READ),
    "bulk": form(
        Scope.MEMBERS_WRITE, queries=("?action=tag&ids={member_id}", "?action=block&ids={member_id}")
    ),
    "bulk-act": page(Scope.MEMBERS_WRITE, owned=True),
    "bulk-stop": door(Scope.MEMBERS_WRITE),
    "bulk-resume": door(Scope.MEMBERS_WRITE),
    "bulk-undo": door(Scope.MEMBERS_WRITE),
    "exports": page(Scope.MEMBERS_READ),
    "export-file": Address(Kind.FILE, Scope.MEMBERS_READ, owned=True),
    "export-stop": door(Scope.MEMBERS_READ),
    "segments": page(Scope.INSIGHT_READ, "?by=rm", "?by=fm", charts=True),
    "points-rules": page(Scope.PROGRAMME_READ),
    "tiers": page(Scope.TIERS_READ),
    "tiers-draft": form(Scope.PROGRAMME_WRITE),
    "tiers-draft-state": part(Scope.PROGRAMME_WRITE),
    "tiers-draft-tier": form(Scope.PROGRAMME_WRITE),
    "tiers-draft-remove": door(Scope.PROGRAMME_WRITE),
    "tiers-draft-discard": door(Scope.PROGRAMME_WRITE),
    "tiers-draft-restore": door(Scope.PROGRAMME_WRITE),
    "tiers-propose": form(Scope.PROGRAMME_WRITE),
    "tiers-proposal-state": part(Scope.TIERS_READ, status=204),
    "tiers-approve": door(Scope.PROGRAMME_WRITE),
    "tiers-refuse": form(Scope.PROGRAMME_WRITE),
    "tiers-withdraw": door(Scope.PROGRAMME_WRITE),
    "tiers-moves": page(Scope.TIERS_READ),
    "benefits": page(Scope.BENEFITS_READ),
    "member-benefits": page(Scope.BENEFITS_READ),
    "member-benefit-use": form(Scope.BENEFITS_USE),
    "member-benefit-undo": form(Scope.BENEFITS_USE),
    "memberships": page(Scope.TIERS_READ, "?state=running"),
    "membership-act": form(Scope.MEMBERSHIPS_SELL),
    "membership-refund": form(Scope.MEMBERSHIPS_REFUND),
    "member-memberships": page(Scope.TIERS_READ),
    "member-membership-sell": form(Scope.MEMBERSHIPS_SELL),
    "mall": page(Scope.BENEFITS_READ),
    "mall-orders": page(Scope.BENEFITS_READ),
    "mall-order": form(Scope.BENEFITS_USE),
    # Offers.
    "offers": page(Scope.PROGRAMME_READ, "?q=no-such-thing", "?state=live&goal=repeat"),
    "offer-calendar": page(Scope.PROGRAMME_READ, "?month=2027-02"),
    "offer-new": form(Scope.PROGRAMME_WRITE, queries=("", "?from={offer}")),
    "offer": page(Scope.PROGRAMME_READ),
    "offer-draft": door(Scope.PROGRAMME_WRITE),
    "offer-edit": page(Scope.PROGRAMME_READ, send=Scope.PROGRAMME_WRITE),
    "offer-text": page(Scope.PROGRAMME_READ, send=Scope.PROGRAMME_WRITE),
    "offer-history": page(Scope.PROGRAMME_READ),
    "offer-restore": door(Scope.PROGRAMME_WRITE),
    "offer-review": page(Scope.PROGRAMME_READ, send=Scope.PROGRAMME_WRITE),
    "offer-discard": form(Scope.PROGRAMME_WRITE),
    "offer-backtest": page(Scope.PROGRAMME_READ),
    "offer-backtest-whole": page(Scope.PROGRAMME_READ, send=Scope.PROGRAMME_WRITE),
    "offer-backtest-stop": door(Scope.PROGRAMME_WRITE),
    "offer-audience": page(Scope.PROGRAMME_READ),
    "offer-checks": page(Scope.PROGRAMME_READ),
    "offer-act": form(Scope.PROGRAMME_WRITE),
    # Points.
    "movements": page(Scope.POINTS_READ, "?kind=redemption&since=2026-01-01", "?member={member_id}"),
    "movements-export": door(Scope.POINTS_READ),
    "tier-movement": page(Scope.TIERS_READ, "?by=spend", "?view=table"),
    "tier-movement-flows": Address(Kind.FILE, Scope.TIERS_READ),
    "tier-movement-members": page(Scope.MEMBERS_READ, "?lack=more"),
    "tier-movement-export": door(Scope.MEMBERS_READ),
    "tier-movement-count": door(Scope.PROGRAMME_WRITE),
    "adjustments": page(Scope.POINTS_READ, "?which=done"),
    "adjustment-approve": form(Scope.POINTS_APPROVE),
    "adjustment-refuse": form(Scope.POINTS_APPROVE),
    "adjustment-withdraw": form(Scope.POINTS_ADJUST, status=404),  # it is another's
    # Coupons.
    "coupons": page(Scope.COUPONS_READ),
    "coupon-find": form(Scope.COUPONS_READ),
    "coupon-template": page(Scope.COUPONS_READ),
    "coupon-template-new": form(Scope.PROGRAMME_WRITE, queries=("", "?from=trial-coupon")),
    "coupon-template-edit": form(Scope.PROGRAMME_WRITE),
    "coupon-template-end": form(Scope.PROGRAMME_WRITE),
    "liability": page(Scope.POINTS_LIABILITY, "?view=flow", "?view=ends", "?months=all"),
    "liability-entries": Address(Kind.FILE, Scope.POINTS_LIABILITY),
    "liability-state": part(Scope.POINTS_LIABILITY),
    "liability-forecast": page(
        Scope.POINTS_LIABILITY, "?valid_months=24&earn_percent=120&worth=1.2&ahead=36"
    ),
    "liability-close": form(Scope.POINTS_CLOSE),
    "liability-reopen": form(Scope.POINTS_CLOSE),
    "liability-approve": door(Scope.POINTS_CLOSE),
    "liability-refuse": form(Scope.POINTS_CLOSE),
    "liability-withdraw": door(Scope.POINTS_CLOSE),
    "coupon-issues": page(Scope.COUPONS_READ),
    "coupon-issue-new": form(Scope.COUPONS_ISSUE, queries=("", "?template=trial-coupon")),
    "coupon-issue": page(Scope.COUPONS_READ),
    "coupon-issue-stop": door(Scope.COUPONS_ISSUE),
    "coupon-issue-resume": door(Scope.COUPONS_ISSUE),
    "coupon-issue-codes": form(Scope.COUPONS_REVEAL),
    "coupon": page(Scope.COUPONS_READ),
    "coupon-reveal": form(Scope.COUPONS_REVEAL),
    "coupon-revoke": form(Scope.COUPONS_ISSUE),
    "coupon-transfer": form(Scope.COUPONS_ISSUE, queries=("", "?q=1")),
    "member-coupons": page(Scope.COUPONS_READ, "?state=usable"),
    "member-coupons-give": form(Scope.COUPONS_ISSUE),
    # Imports.
    "imports": page(Scope.STORES_WRITE),
    "imports-new": page(Scope.STORES_WRITE),
    "imports-files": door(Scope.STORES_WRITE),
    "imports-saved": Address(Kind.FILE, Scope.STORES_WRITE, status=404),
    "imports-forget": door(Scope.STORES_WRITE),
    "import": page(Scope.STORES_WRITE),
    "import-columns": form(Scope.STORES_WRITE, owned=True),
    "import-start": door(Scope.STORES_WRITE),
    "import-stop": door(Scope.STORES_WRITE),
    "import-again": door(Scope.STORES_WRITE),
    "import-add": door(Scope.STORES_WRITE),
    "import-discard": form(Scope.STORES_WRITE, owned=True),
    "import-mapping": Address(Kind.FILE, Scope.STORES_WRITE),
    "import-check": Address(Kind.FILE, Scope.STORES_WRITE),
    "import-report": Address(Kind.FILE, Scope.STORES_WRITE),
    # The machinery.
    "audit": page(Scope.AUDIT_READ, "?action=product.saved", "?id=no-such-thing"),
    "audit-export": door(Scope.AUDIT_READ),
    "keys": page(Scope.API_KEYS),
    "key-new": form(Scope.API_KEYS),
    "key-revoke": form(Scope.API_KEYS),
    "webhooks": page(Scope.WEBHOOKS),
    "webhook-new": form(Scope.WEBHOOKS),
    "webhook": page(Scope.WEBHOOKS),
    "webhook-edit": form(Scope.WEBHOOKS),
    "webhook-switch": form(Scope.WEBHOOKS),
    "webhook-secret": form(Scope.WEBHOOKS),
    "webhook-test": door(Scope.WEBHOOKS),
    "webhook-remove": form(Scope.WEBHOOKS),
    "webhook-delivery": page(Scope.WEBHOOKS),
    "webhook-redeliver": door(Scope.WEBHOOKS),
    "jobs": page(Scope.PROGRAMME_READ),
    "jobs-run": form(Scope.PROGRAMME_WRITE),
    "jobs-retry": door(Scope.PROGRAMME_WRITE),
    "jobs-stop": door(Scope.PROGRAMME_WRITE),
    # Stores and products.
    "stores": page(Scope.STORES_READ, "?q=1"),
    "store": page(Scope.STORES_READ),
    "store-new": form(Scope.STORES_WRITE),
    "store-edit": form(Scope.STORES_WRITE),
    "store-switch": form(Scope.STORES_WRITE),
    "regions": page(Scope.STORES_READ),
    "region-new": form(Scope.STORES_WRITE),
    "region-edit": form(Scope.STORES_WRITE),
    "channels": page(Scope.STORES_READ),
    "channel-new": form(Scope.STORES_WRITE),
    "channel-edit": form(Scope.STORES_WRITE),
    "products": page(Scope.PRODUCTS_READ, "?q=1"),
    "product": page(Scope.PRODUCTS_READ),
    "product-new": form(Scope.PRODUCTS_WRITE),
    "product-edit": form(Scope.PRODUCTS_WRITE),
    "product-switch": form(Scope.PRODUCTS_WRITE),
    "categories": page(Scope.PRODUCTS_READ),
    "category-new": form(Scope.PRODUCTS_WRITE),
    "category-edit": form(Scope.PRODUCTS_WRITE),
}


def patterns() -> Iterator[URLPattern]:
    """Every address outside the API."""

    def walk(level: Any) -> Iterator[URLPattern]:
        for each in level:
            if isinstance(each, URLPattern):
                yield each
            elif getattr(each, "app_name", None) != "ninja":
                yield from walk(each.url_patterns)

    yield from walk(each for each in get_resolver().url_patterns if str(each.pattern) != "v1/")


def path_of(name: str, known: Mapping[str, Any]) -> str:
    """The address of an entry, its numbers taken from `known`: by `entry.number`, else by `number` alone."""
    (pattern,) = (each for each in patterns() if each.name == name)
    wanted = pattern.pattern.converters
    return reverse(name, kwargs={each: known.get(f"{name}.{each}", known.get(each)) for each in wanted})


def filled(query: str, known: Mapping[str, Any]) -> str:
    """A query with its numbers: `{member_id}`."""
    return re.sub(r"\{(\w+)\}", lambda match: str(known[match[1]]), query)


def addresses(name: str, known: Mapping[str, Any]) -> list[str]:
    """All addresses of an entry that are worth a look."""
    return [path_of(name, known) + filled(query, known) for query in REGISTER[name].queries]
