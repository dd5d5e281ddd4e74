"""Views of the member list: those that come with it, and those that accounts save under a name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django.db import transaction
from django.http import QueryDict
from django.utils.translation import gettext as _

from laoke.foundation.access import Caller, Scope
from laoke.foundation.audit import services as audit
from laoke.kernel.errors import LaokeError
from laoke.surfaces.console.directory import filters
from laoke.surfaces.console.directory.filters import Days, Filter
from laoke.surfaces.console.directory.models import SavedView
from laoke.surfaces.console.directory.vocabulary import Vocabulary, scopes_of
from laoke.surfaces.console.directory.walking import Order, order_of
from laoke.surfaces.console.templatetags.figures import named

MOST_OWN = 30
LONGEST_NAME = 40
_KEEP_DELETED = timedelta(days=1)


class BadView(LaokeError):
    """A view of the member list that cannot be saved."""

    code, status, title = "bad-view", 422, "View cannot be saved"

    def __init__(self, detail: str) -> None:
        super().__init__(detail, field="name")


class UnknownView(LaokeError):
    """No saved view of the account has this number."""

    code, status, title = "unknown-view", 404, "No such view"

    def __init__(self) -> None:
        super().__init__(_("This view does not exist, or somebody else saved it."))


@dataclass(frozen=True, slots=True)
class View:
    """A filter and an order under a name. `id` is None for those that come with the list; `own`: it may be changed."""

    id: int | None
    name: str
    wanted: Filter
    order: Order
    own: bool = False
    shared: bool = False

    def query(self) -> str:
        """The view as the query string of an address."""
        return query_of(self.wanted, self.order)


def query_of(wanted: Filter, order: Order) -> str:
    """A filter and an order as the query string of an address; the usual order is left out."""
    pairs = wanted.pairs()
    if order != Order():
        pairs.append(("sort", str(order)))
    return urlencode(pairs)


def parsed(query: str) -> tuple[Filter, Order]:
    """The filter and order of a query string."""
    asked = QueryDict(query)
    return filters.read(asked)[0], order_of(asked.get("sort", ""))


def shipped(words: Vocabulary, caller: Caller) -> tuple[View, ...]:
    """The views that come with the list, as far as the role may see what they ask."""
    views = [View(None, _("All"), Filter(), Order())]
    views.append(View(None, _("High value"), Filter(rfm=("high_value",)), Order("spend")))
    if len(words.tiers) > 2:
        upper = words.tiers[-2:]
        label = _("%(tier)s and above") % {"tier": named(upper[0].name)}
        codes = tuple(sorted(tier.code for tier in upper))
        views.append(View(None, label, Filter(tier=codes), Order()))
    views.append(View(None, _("Birthday this month"), Filter(birthday=filters.THIS_MONTH), Order()))
    views.append(View(None, _("Dormant, once frequent"), Filter(r=(1, 2), f=(4, 5)), Order("last")))
    views.append(View(None, _("New in 30 days"), Filter(joined=Days(30)), Order()))
    return tuple(view for view in views if scopes_of(view.wanted) <= caller.scopes)


def kept(rows: Sequence[Sequence[Any]], caller: Caller) -> tuple[View, ...]:
    """Saved views out of (id, name, query, shared, staff_id), as far as the role may see what they ask."""
    views = _views_out_of(rows, caller)
    return tuple(view for view in views if scopes_of(view.wanted) <= caller.scopes)


def own_views(caller: Caller) -> tuple[View, ...]:
    """What the account saved itself, in the order of saving; also what its role may no longer ask, to be deleted."""
    rows = SavedView.objects.filter(staff_id=caller.id, deleted_at=None).order_by("created_at", "pk")
    return _views_out_of([(row.pk, row.name, row.query, row.shared, row.staff_id) for row in rows], caller)


@transaction.atomic
def save(caller: Caller, name: str, wanted: Filter, order: Order, *, shared: bool, at: datetime) -> int:
    """Save a filter under a name; a search text is left out. Shared ones need members:write.

    A condition that takes a scope takes it here as well: the list counts its views.

    Raises:
        BadView, MissingScope.
    """
    checked = _name(caller, name, None)
    _may_share(caller, shared)
    for scope in sorted(scopes_of(wanted)):
        caller.require(scope)
    if SavedView.objects.filter(staff_id=caller.id, deleted_at=None).count() >= MOST_OWN:
        raise BadView(_("You have %(n)s views already. Delete one first.") % {"n": MOST_OWN})
    query = query_of(replace(wanted, q=""), order)
    if len(query) > 4000:
        raise BadView(_("These conditions are too long to be saved. Take some values away."))
    view = SavedView.objects.create(
        staff_id=caller.id, name=checked, query=query, shared=shared, created_at=at
    )
    audit.record(caller, "view.saved", "view", view.pk, at=at, after={"name": checked, "shared": shared})
    return view.pk


@transaction.atomic
def change(caller: Caller, view_id: int, name: str, *, shared: bool, at: datetime) -> None:
    """Give a view of one's own another name, share it or stop sharing it.

    Raises:
        BadView, UnknownView, MissingScope.
    """
    view = _own(caller, view_id)
    checked = _name(caller, name, view_id)
    if shared != view.shared:
        _may_share(caller, shared)
    before = {"name": view.name, "shared": view.shared}
    view.name, view.shared = checked, shared
    view.save()
    after = {"name": checked, "shared": shared}
    if after != before:
        audit.record(caller, "view.changed", "view", view_id, at=at, before=before, after=after)


@transaction.atomic
def delete(caller: Caller, view_id: int, at: datetime) -> str:
    """Delete a view of one's own; gives its name. It can be restored for a day.

    Raises:
        UnknownView.
    """
    view = _own(caller, view_id)
    view.deleted_at = at
    view.save()
    audit.record(caller, "view.deleted", "view", view_id, at=at, before={"name": view.name})
    return view.name


@transaction.atomic
def restore(caller: Caller, view_id: int, at: datetime) -> str:
    """Take a deletion back; gives the name.

    Raises:
        UnknownView.
    """
    view = SavedView.objects.filter(pk=view_id, staff_id=caller.id).first()
    if view is None:
        raise UnknownView
    if view.deleted_at is not None:
        view.deleted_at = None
        view.save()
        audit.record(caller, "view.restored", "view", view_id, at=at, after={"name": view.name})
    return view.name


def purge(at: datetime) -> None:
    """Forget views that were deleted a day ago."""
    SavedView.objects.filter(deleted_at__lt=at - _KEEP_DELETED).delete()


def _views_out_of(rows: Sequence[Sequence[Any]], caller: Caller) -> tuple[View, ...]:
    return tuple(
        View(view_id, name, *parsed(query), own=staff_id == caller.id, shared=shared)
        for view_id, name, query, shared, staff_id in rows
    )


def _own(caller: Caller, view_id: int) -> SavedView:
    view = SavedView.objects.filter(pk=view_id, staff_id=caller.id, deleted_at=None).first()
    if view is None:
        raise UnknownView
    return view


def _name(caller: Caller, name: str, view_id: int | None) -> str:
    checked = " ".join(name.split())
    if not (1 <= len(checked) <= LONGEST_NAME and checked.isprintable()):
        raise BadView(_("A view takes a name of 1 to %(longest)s characters.") % {"longest": LONGEST_NAME})
    same = SavedView.objects.filter(staff_id=caller.id, name=checked, deleted_at=None)
    if set(same.values_list("pk", flat=True)) - {view_id}:
        raise BadView(_("You have a view of this name already. Choose another one."))
    return checked


def _may_share(caller: Caller, shared: bool) -> None:
    if shared:
        caller.require(Scope.MEMBERS_WRITE)
