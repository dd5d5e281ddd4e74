"""Refusals around API keys."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.translation import gettext as _

from laoke.foundation.access import SCOPE_LABELS, Scope
from laoke.kernel.errors import LaokeError


class Unauthenticated(LaokeError):
    """The request carries no API key, or one that is unknown, revoked or expired.

    Which of these it was is not told: it would help whoever guesses.
    """

    code, status, title = "unauthenticated", 401, "An API key is needed"

    def __init__(self) -> None:
        super().__init__(
            "Send a valid key in the header `Authorization: Bearer lk_...`. "
            "`laoke apikey create` makes one; a lost, revoked or expired key is replaced by a new one."
        )


class NoSuchApiKey(LaokeError):
    """No API key has this prefix."""

    code, status, title = "no-such-api-key", 404, "No such API key"

    def __init__(self, prefix: str) -> None:
        super().__init__(
            _("There is no API key %(prefix)s. `laoke apikey list` shows those there are.")
            % {"prefix": prefix}
        )


class UnknownScopes(LaokeError):
    """An API key was asked for with scopes that do not exist."""

    code, status, title = "unknown-scopes", 422, "Unknown scopes"

    def __init__(self, unknown: Iterable[str], known: Iterable[str]) -> None:
        names = sorted(unknown)
        super().__init__(
            f"There is no scope {', '.join(names)}. Known are {', '.join(sorted(known))}.", scopes=names
        )


class ScopesBeyondOwn(LaokeError):
    """Somebody tried to make an API key that may do more than they may themselves."""

    code, status, title = "scopes-beyond-own", 403, "A key may not do more than its maker"

    def __init__(self, scopes: Iterable[str]) -> None:
        names = sorted(scopes)
        super().__init__(
            _("You do not hold %(what)s yourself. Ask an owner to make this key.")
            % {
                "what": _(", ").join(f"“{SCOPE_LABELS[Scope(name)]}” ({name})" for name in names)
                or _("all of these stores")
            },
            scopes=names,
        )


class ScopesOfWholeShop(LaokeError):
    """An API key limited to stores was asked for with scopes that concern the whole shop.

    Events of every order leave by webhooks, the audit trail tells of everybody, rules and prices hold everywhere: no
    limit to stores can cut these down. Accounts limited to stores do not hold them either.
    """

    code, status, title = "scopes-of-whole-shop", 422, "A key limited to stores may not hold this"

    def __init__(self, scopes: Iterable[str]) -> None:
        names = sorted(scopes)
        what = ", ".join(f"{SCOPE_LABELS[Scope(name)]} ({name})" for name in names)
        super().__init__(
            _(
                "A key limited to stores cannot hold what concerns the whole shop: %(what)s. "
                "Leave this out, or give the key all stores."
            )
            % {"what": what},
            scopes=names,
        )
