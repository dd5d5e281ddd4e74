"""Who may do what: the scopes, what each role holds, and the one place that checks them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from laoke.kernel.errors import LaokeError


class Scope(StrEnum):
    """One permission. API keys hold some of these; roles hold a fixed set."""

    QUOTES = "quotes:write"
    ORDERS_READ = "orders:read"
    ORDERS_WRITE = "orders:write"
    RETURNS_WRITE = "returns:write"
    MEMBERS_READ = "members:read"
    MEMBERS_WRITE = "members:write"
    MEMBERS_REVEAL = "members:reveal"
    MEMBERS_MERGE = "members:merge"
    MEMBERS_ERASE = "members:erase"
    POINTS_READ = "points:read"
    POINTS_ADJUST = "points:adjust"
    POINTS_APPROVE = "points:approve"
    POINTS_TRANSFER = "points:transfer"
    ACTIVITIES_WRITE = "activities:write"
    POINTS_LIABILITY = "points:liability"
    POINTS_CLOSE = "points:close"
    TIERS_READ = "tiers:read"
    TIERS_ASSIGN = "tiers:assign"
    MEMBERSHIPS_SELL = "memberships:sell"
    MEMBERSHIPS_REFUND = "memberships:refund"
    COUPONS_READ = "coupons:read"
    COUPONS_ISSUE = "coupons:issue"
    COUPONS_REVEAL = "coupons:reveal"
    BENEFITS_READ = "benefits:read"
    BENEFITS_USE = "benefits:use"
    BENEFITS_GRANT = "benefits:grant"
    STORES_READ = "stores:read"
    STORES_WRITE = "stores:write"
    PRODUCTS_READ = "products:read"
    PRODUCTS_WRITE = "products:write"
    PROGRAMME_READ = "programme:read"
    PROGRAMME_WRITE = "programme:write"
    WEBHOOKS = "webhooks:manage"
    STAFF = "staff:manage"
    API_KEYS = "apikeys:manage"
    AUDIT_READ = "audit:read"
    INSIGHT_READ = "insight:read"
    METRICS_READ = "metrics:read"


class Role(StrEnum):
    """What a staff account is for."""

    OWNER = "owner"
    OPERATIONS = "operations"
    ANALYST = "analyst"
    FINANCE = "finance"
    STORE_MANAGER = "store_manager"
    ASSOCIATE = "associate"
    CUSTOMER_SERVICE = "customer_service"
    AUDITOR = "auditor"


ROLE_LABELS = {
    Role.OWNER: _("Owner"),
    Role.OPERATIONS: _("Operations"),
    Role.ANALYST: _("Analyst"),
    Role.FINANCE: _("Finance"),
    Role.STORE_MANAGER: _("Store manager"),
    Role.ASSOCIATE: _("Store associate"),
    Role.CUSTOMER_SERVICE: _("Customer service"),
    Role.AUDITOR: _("Auditor"),
}

SCOPE_LABELS = {
    Scope.QUOTES: _("Ask for prices and points at the till"),
    Scope.ORDERS_READ: _("View orders"),
    Scope.ORDERS_WRITE: _("Record orders"),
    Scope.RETURNS_WRITE: _("Record returns"),
    Scope.MEMBERS_READ: _("View members, masked"),
    Scope.MEMBERS_WRITE: _("Register and edit members"),
    Scope.MEMBERS_REVEAL: _("Reveal personal data, with a reason"),
    Scope.MEMBERS_MERGE: _("Merge members"),
    Scope.MEMBERS_ERASE: _("Erase members"),
    Scope.POINTS_READ: _("View points"),
    Scope.POINTS_ADJUST: _("Adjust points by hand"),
    Scope.POINTS_APPROVE: _("Let adjustments of points pass that others ask for"),
    Scope.ACTIVITIES_WRITE: _("Tell what members do beside buying, and undo it"),
    Scope.POINTS_LIABILITY: _("View what points are worth on the books"),
    Scope.POINTS_CLOSE: _("Close and reopen the months of points"),
    Scope.POINTS_TRANSFER: _("Transfer points between members, and undo it"),
    Scope.TIERS_READ: _("View tiers"),
    Scope.TIERS_ASSIGN: _("Give tiers that were not earned, and take them back"),
    Scope.MEMBERSHIPS_SELL: _("Record paid memberships: sold, renewed, upgraded, cancelled"),
    Scope.MEMBERSHIPS_REFUND: _("Refund paid memberships"),
    Scope.COUPONS_READ: _("View coupons, codes masked"),
    Scope.COUPONS_ISSUE: _("Issue, transfer and revoke coupons"),
    Scope.COUPONS_REVEAL: _("Reveal and export coupon codes"),
    Scope.BENEFITS_READ: _("View benefits"),
    Scope.BENEFITS_USE: _("Record and undo uses of benefits"),
    Scope.BENEFITS_GRANT: _("Grant benefits, and take them back"),
    Scope.STORES_READ: _("View stores"),
    Scope.STORES_WRITE: _("Edit stores"),
    Scope.PRODUCTS_READ: _("View products"),
    Scope.PRODUCTS_WRITE: _("Edit products"),
    Scope.PROGRAMME_READ: _("View the rules of the programme"),
    Scope.PROGRAMME_WRITE: _("Change the rules of the programme"),
    Scope.WEBHOOKS: _("Manage webhooks"),
    Scope.STAFF: _("Manage staff and roles"),
    Scope.API_KEYS: _("Manage API keys"),
    Scope.AUDIT_READ: _("Read the audit log"),
    Scope.INSIGHT_READ: _("View figures and analyses"),
    Scope.METRICS_READ: _("Read technical metrics"),
}

_LOOK = frozenset(
    {
        Scope.ORDERS_READ,
        Scope.MEMBERS_READ,
        Scope.POINTS_READ,
        Scope.TIERS_READ,
        Scope.COUPONS_READ,
        Scope.BENEFITS_READ,
        Scope.STORES_READ,
        Scope.PRODUCTS_READ,
    }
)

ROLE_SCOPES: dict[Role, frozenset[Scope]] = {
    Role.OWNER: frozenset(Scope),
    Role.OPERATIONS: _LOOK
    | {
        Scope.QUOTES,
        Scope.MEMBERS_WRITE,
        Scope.MEMBERS_REVEAL,
        Scope.MEMBERS_MERGE,
        Scope.POINTS_ADJUST,
        Scope.POINTS_APPROVE,
        Scope.POINTS_TRANSFER,
        Scope.ACTIVITIES_WRITE,
        Scope.TIERS_ASSIGN,
        Scope.MEMBERSHIPS_SELL,
        Scope.MEMBERSHIPS_REFUND,
        Scope.POINTS_LIABILITY,
        Scope.COUPONS_ISSUE,
        Scope.COUPONS_REVEAL,
        Scope.BENEFITS_USE,
        Scope.BENEFITS_GRANT,
        Scope.STORES_WRITE,
        Scope.PRODUCTS_WRITE,
        Scope.PROGRAMME_READ,
        Scope.PROGRAMME_WRITE,
        Scope.WEBHOOKS,
        Scope.INSIGHT_READ,
    },
    Role.ANALYST: _LOOK | {Scope.POINTS_LIABILITY, Scope.PROGRAMME_READ, Scope.INSIGHT_READ},
    Role.FINANCE: _LOOK
    | {
        Scope.POINTS_APPROVE,
        Scope.POINTS_LIABILITY,
        Scope.POINTS_CLOSE,
        Scope.MEMBERSHIPS_REFUND,
        Scope.PROGRAMME_READ,
        Scope.INSIGHT_READ,
        Scope.AUDIT_READ,
    },
    Role.STORE_MANAGER: _LOOK
    | {
        Scope.QUOTES,
        Scope.MEMBERS_WRITE,
        Scope.MEMBERS_REVEAL,
        Scope.MEMBERSHIPS_SELL,
        Scope.BENEFITS_USE,
        Scope.INSIGHT_READ,
    },
    Role.ASSOCIATE: _LOOK | {Scope.QUOTES, Scope.MEMBERS_WRITE, Scope.MEMBERSHIPS_SELL, Scope.BENEFITS_USE},
    Role.CUSTOMER_SERVICE: _LOOK
    | {
        Scope.MEMBERS_WRITE,
        Scope.MEMBERS_REVEAL,
        Scope.MEMBERS_MERGE,
        Scope.POINTS_ADJUST,
        Scope.POINTS_TRANSFER,
        Scope.ACTIVITIES_WRITE,
        Scope.TIERS_ASSIGN,
        Scope.MEMBERSHIPS_SELL,
        Scope.MEMBERSHIPS_REFUND,
        Scope.COUPONS_ISSUE,
        Scope.COUPONS_REVEAL,
        Scope.BENEFITS_USE,
        Scope.BENEFITS_GRANT,
    },
    Role.AUDITOR: _LOOK
    | {Scope.POINTS_LIABILITY, Scope.PROGRAMME_READ, Scope.AUDIT_READ, Scope.INSIGHT_READ},
}


# What concerns the shop as a whole and cannot be cut down to stores: events of every order leave by webhooks, the audit
# trail tells of everybody, rules and prices hold everywhere, anybody's points may wait for a second person, and the
# books are of the shop. Accounts
# limited to stores hold none of these, whatever their role.
WHOLE_SHOP = frozenset(
    {
        Scope.WEBHOOKS,
        Scope.AUDIT_READ,
        Scope.POINTS_APPROVE,
        Scope.POINTS_LIABILITY,
        Scope.POINTS_CLOSE,
        Scope.PROGRAMME_WRITE,
        Scope.PRODUCTS_WRITE,
    }
)


class MissingScope(LaokeError):
    """The caller is known but may not do this."""

    code, status, title = "missing-scope", 403, "Not allowed"

    def __init__(self, scope: Scope) -> None:
        super().__init__(
            gettext("This needs the permission “%(right)s” (%(scope)s). An owner can grant it.")
            % {"right": SCOPE_LABELS[scope], "scope": scope.value},
            scope=scope.value,
        )


class OutsideStores(LaokeError):
    """The caller may do this, but not for this store."""

    code, status, title = "outside-stores", 403, "Not your store"

    def __init__(self, store: str, detail: str = "") -> None:
        super().__init__(
            detail
            or gettext("This key or account is limited to other stores than %(store)s.") % {"store": store},
            store=store,
        )


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks, for checks and for the audit trail.

    `stores` is None for all stores, else the ids it is limited to. `id` is unique within `kind`.
    """

    kind: str  # "apikey" | "staff" | "system"
    id: int
    label: str
    scopes: frozenset[str]
    stores: frozenset[int] | None = None

    def require(self, scope: Scope) -> None:
        """Raise MissingScope unless the caller holds `scope`."""
        if scope not in self.scopes:
            raise MissingScope(scope)

    def require_store(self, store_id: int, code: str) -> None:
        """Raise OutsideStores when the caller is limited to other stores."""
        if self.stores is not None and store_id not in self.stores:
            raise OutsideStores(code)

    def require_whole_shop(self, detail: str = "") -> None:
        """Raise OutsideStores when the caller is limited to stores, whichever these are; `detail` says why."""
        if self.stores is not None:
            raise OutsideStores(
                "",
                detail
                or gettext("This belongs to the whole shop, and this key or account is limited to stores."),
            )


# Nightly jobs, imports and the command line act in this name.
SYSTEM = Caller(kind="system", id=0, label="system", scopes=frozenset(scope.value for scope in Scope))
