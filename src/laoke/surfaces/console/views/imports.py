"""Files coming in: sent, mapped with a preview, tried, imported, remembered."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import date
from io import BufferedReader
from typing import cast

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from laoke.foundation.access import Scope
from laoke.foundation.database.locks import hold
from laoke.kernel.errors import LaokeError
from laoke.surfaces.console.pages import NAVIGATION, Visit, console_page
from laoke.surfaces.console.selectors import imports as pages
from laoke.surfaces.importing.errors import BadMapping, UnknownColumn
from laoke.surfaces.importing.fields import Kind
from laoke.surfaces.importing.forming.choices import Choices
from laoke.surfaces.importing.glance import Glance
from laoke.surfaces.importing.models import FileImport
from laoke.surfaces.importing.report import speak
from laoke.surfaces.importing.uploads import folders, services
from laoke.surfaces.importing.uploads.errors import (
    UnknownImport,
    UploadBusy,
    UploadRefused,
    UploadStalled,
)
from laoke.surfaces.importing.uploads.patience import Patient
from laoke.surfaces.importing.uploads.receiving import Received, ToFolder, ToNowhere
from laoke.surfaces.importing.uploads.services import Written

# Whoever may import anything holds it: owners and operations. Each kind asks for more in its services.
SCOPE = Scope.STORES_WRITE
_HERE = "imports"
State = FileImport.State


@require_safe
@console_page(_HERE, SCOPE)
def show_all(visit: Visit) -> HttpResponse:
    """What was imported, by whom and with what outcome."""
    return visit.show("imports/history", pages.history(visit.actor, visit.request.GET.get("after", "")))


@require_safe
@console_page(_HERE, SCOPE)
def new(visit: Visit) -> HttpResponse:
    """The form to send files."""
    return visit.show("imports/new", pages.new_page(visit.actor, visit.request.GET.get("kind", "")))


@require_POST
def upload(request: HttpRequest) -> HttpResponse:
    """Take files in. They go to the disk as they come, so nothing before may have asked for the form."""
    if not request.user.is_authenticated:
        # Not by the page's own way, which would keep what was typed: that is all of the files here.
        return HttpResponseRedirect("/login?next=/imports/new", status=303)
    # Refusals read what is still to come too, so that browsers show their sentence.
    with BufferedReader(Patient(request._stream, request.META.get("REMOTE_ADDR", ""))) as sender:
        request._stream = sender
        request.upload_handlers = [ToNowhere(request)]
        try:
            response: HttpResponse = _upload(request)
        except UploadStalled as error:
            return HttpResponse(error.detail, status=error.status, content_type="text/plain; charset=utf-8")
    return response


upload = csrf_exempt(upload)


@console_page(_HERE, SCOPE)
def _upload(visit: Visit) -> HttpResponse:
    request = visit.request
    if not pages.may_import_any(visit.actor):
        services.require(visit.actor, Kind.STORES)
    # Each upload keeps a thread of the server from the tills, so there is one at a time.
    lock = hold(folders.root() / "upload.lock")
    if lock is None:
        raise UploadBusy
    try:
        folder = folders.make()
        kept = False
        try:
            receiver = ToFolder(request, folder)
            request.upload_handlers = [receiver]
            answer, kept = _received(visit, folder, receiver)
            return answer
        finally:
            if not kept:
                folders.remove(folder)
    finally:
        os.close(lock)


def _received(visit: Visit, folder: str, receiver: ToFolder) -> tuple[HttpResponse, bool]:
    """The answer, and whether the folder belongs to an import now."""

    @csrf_protect
    def checked(request: HttpRequest) -> HttpResponse:
        return HttpResponse(status=204)

    forged = checked(visit.request)
    if forged.status_code != 204:
        return forged, False
    wanted = visit.request.POST.get("kind", "")
    try:
        if receiver.refused:
            raise receiver.refused
        if wanted not in set(Kind):
            raise UploadRefused(_("Say what the files hold."))
        services.require(visit.actor, Kind(wanted))
        sent = [file for file in visit.request.FILES.getlist("files") if isinstance(file, Received)]
        told = visit.once(
            "imports.upload",
            {"kind": wanted},
            lambda: {
                "id": services.begin(
                    visit.actor, Kind(wanted), folder, sent, language=get_language() or "", at=visit.at
                )
            },
        )
    except UploadRefused as error:
        return visit.show("imports/new", pages.new_page(visit.actor, wanted, error.detail), status=422), False
    mine = services.own(visit.actor, told["id"]).folder == folder
    return visit.go(f"/imports/{told['id']}/columns"), mine


@require_http_methods(["GET", "HEAD", "POST"])
@console_page(_HERE, SCOPE)
def columns(visit: Visit, import_id: int) -> HttpResponse:
    """Assign columns to fields. A POST keeps the form, and looks again or starts the trial run."""
    row = services.own(visit.actor, import_id)
    if row.state != State.MAPPING:
        return visit.go(f"/imports/{import_id}")
    if visit.request.method != "POST":
        return visit.show("imports/columns", pages.columns_page(row, visit.at))
    act = visit.request.POST.get("act", "")
    looks_before = services.looks(row)
    try:
        row = _keep(visit, row, act)
        if act == "check":
            services.start_check(visit.actor, import_id, at=visit.at)
            return visit.go(f"/imports/{import_id}")
        if act in {"save", "replace"}:
            name, replaced = services.save_mapping(
                visit.actor,
                import_id,
                visit.request.POST.get("name", ""),
                at=visit.at,
                replace_own=act == "replace",
            )
            said = _("What you kept as “%(name)s” is replaced.") if replaced else _("Kept as “%(name)s”.")
            return visit.go(f"/imports/{import_id}/columns", said % {"name": name})
    except (BadMapping, UnknownColumn, UploadRefused) as error:
        return visit.show("imports/columns", pages.columns_page(row, visit.at, refused=error), status=422)
    except LaokeError as error:
        if "field" not in error.extensions:
            raise
        page = pages.columns_page(row, visit.at, refused=error, name=visit.request.POST.get("name", ""))
        return visit.show("imports/columns", page, status=error.status)
    if visit.wants_part and services.looks(row) == looks_before and act != "use":
        return visit.part("imports/_reading", pages.read_page(row, visit.at))
    return visit.go(f"/imports/{import_id}/columns")


def _keep(visit: Visit, row: FileImport, act: str) -> FileImport:
    """Keep what was sent: another mapping, a text, or the form."""
    sent = visit.request.POST
    if act == "use":
        return services.use_mapping(visit.actor, row.pk, sent.get("source", ""))
    as_of = _day(sent.get("as_of", ""))
    if sent.get("mode") == "text":
        return services.keep_text(visit.actor, row.pk, sent.get("mapping", ""), as_of=as_of)
    if act == "write":
        return services.keep_text(visit.actor, row.pk, row.mapping, as_of=as_of)
    kind = Kind(row.kind)
    written = Written(sent.get("encoding", ""), sent.get("delimiter", ""), sent.get("sheet", ""))

    def fill(look: Glance) -> Choices:
        # With another delimiter or sheet there are other columns: the places in the form mean nothing then.
        if str(len(look.columns)) != sent.get("width"):
            return services.guessed(kind, look)
        return pages.read_form(kind, look, sent, list(sent))

    return services.keep_choices(visit.actor, row.pk, written, fill, as_of=as_of)


@require_safe
@console_page(_HERE, SCOPE)
def show(visit: Visit, import_id: int) -> HttpResponse:
    """One import where it stands; asked for again and again while it is under way."""
    row = services.known(visit.actor, import_id)
    if row.state == State.MAPPING and row.staff_id == visit.actor.id and not visit.wants_part:
        return visit.go(f"/imports/{import_id}/columns")
    seen = [
        entry.path for group in NAVIGATION for entry in group.entries if entry.scope in visit.actor.scopes
    ]
    page = pages.import_page(visit.actor, import_id, seen)
    return visit.part("imports/_state", page) if visit.wants_part else visit.show("imports/show", page)


@require_POST
@console_page(_HERE, SCOPE)
def start(visit: Visit, import_id: int) -> HttpResponse:
    """Import, or go on."""
    return _step(
        visit, "imports.start", import_id, lambda: services.start(visit.actor, import_id, at=visit.at)
    )


@require_POST
@console_page(_HERE, SCOPE)
def stop(visit: Visit, import_id: int) -> HttpResponse:
    """End after the batch in hand."""
    return _step(
        visit,
        "imports.stop",
        import_id,
        lambda: services.stop(visit.actor, import_id, at=visit.at),
        _("It stops after the batch in hand."),
    )


@require_POST
@console_page(_HERE, SCOPE)
def add_unknown(visit: Visit, import_id: int) -> HttpResponse:
    """Have unknown stores (or products, ...) made by the import, and try it again."""
    what = visit.request.POST.get("what", "")

    def run() -> dict[str, int]:
        services.add_unknown(visit.actor, import_id, what, at=visit.at)
        return {"id": import_id}

    visit.once("imports.add", {"id": import_id, "what": what}, run)
    return visit.go(f"/imports/{import_id}")


@require_POST
@console_page(_HERE, SCOPE)
def map_again(visit: Visit, import_id: int) -> HttpResponse:
    """Back to the columns."""
    services.map_again(visit.actor, import_id)
    return visit.go(f"/imports/{import_id}/columns")


@require_http_methods(["GET", "HEAD", "POST"])
@console_page(_HERE, SCOPE)
def discard(visit: Visit, import_id: int) -> HttpResponse:
    """Remove the files of an import that is not under way."""
    if visit.request.method != "POST":
        return visit.show("imports/discard", pages.import_page(visit.actor, import_id, ()))
    services.discard(visit.actor, import_id, at=visit.at)
    return visit.go("/imports", _("The files are removed."))


@require_safe
@console_page(_HERE, SCOPE)
def report(visit: Visit, import_id: int, name: str) -> HttpResponse:
    """Everything that could not be used, row by row, as CSV."""
    row = services.known(visit.actor, import_id)
    stored = {"check": folders.CHECK_REPORT, "report": folders.REPORT}[name]
    path = folders.place(row.folder, stored) if row.folder else None
    if path is None or not path.exists():
        raise UnknownImport
    answer = StreamingHttpResponse(
        speak(path, Kind(row.kind), get_language() or row.language),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="import-{row.pk}-{name}.csv"'},
    )
    return cast(HttpResponse, answer)  # what the frame asks of a response, this one has


@require_safe
@console_page(_HERE, SCOPE)
def mapping(visit: Visit, import_id: int) -> HttpResponse:
    """The mapping as `laoke import` takes it."""
    row = services.known(visit.actor, import_id)
    return _yaml(row.mapping, f"import-{row.pk}.yaml")


@require_safe
@console_page(_HERE, SCOPE)
def saved_mapping(visit: Visit, mapping_id: int) -> HttpResponse:
    """A kept mapping as `laoke import` takes it."""
    found = services.saved(visit.actor, mapping_id)
    return _yaml(found.text, f"{found.kind}-{found.pk}.yaml")


@require_POST
@console_page(_HERE, SCOPE)
def forget_mapping(visit: Visit, mapping_id: int) -> HttpResponse:
    """Remove a kept mapping."""
    name = services.forget_mapping(visit.actor, mapping_id, at=visit.at)
    return visit.go("/imports", _("“%(name)s” is removed.") % {"name": name})


def _step(visit: Visit, name: str, import_id: int, take: Callable[[], None], said: str = "") -> HttpResponse:
    def run() -> dict[str, int]:
        take()
        return {"id": import_id}

    visit.once(name, {"id": import_id}, run)
    return visit.go(f"/imports/{import_id}", said)


def _yaml(text: str, name: str) -> HttpResponse:
    return HttpResponse(
        text,
        content_type="application/yaml; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
