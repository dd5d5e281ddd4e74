"""The coupon templates of a programme version: reading, checking and publishing their documents."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple

from django.conf import settings

from laoke.benefits.coupons import codes, documents, limits
from laoke.benefits.coupons.documents import TemplateDocument
from laoke.benefits.coupons.errors import BadTemplate, Place, TemplateChanged, UnknownTemplate
from laoke.benefits.models import Coupon, CouponEvent, CouponTemplateVersion
from laoke.foundation import generations
from laoke.foundation.access import Caller, Scope
from laoke.foundation.audit.services import record
from laoke.foundation.vault import vault

LONGEST_KEY = 64
# Fixed dates are the same for whatever is issued whenever.
_WHENEVER = datetime(2000, 1, 1, tzinfo=UTC)


class Templates(NamedTuple):
    """The templates in force in one version, by key."""

    documents: Mapping[str, TemplateDocument]

    def get(self, key: str) -> TemplateDocument:
        """One of them.

        Raises:
            UnknownTemplate
        """
        if key not in self.documents:
            raise UnknownTemplate(key)
        return self.documents[key]


@dataclass(frozen=True, slots=True)
class Published:
    """A template as it was published once; `document` is None where it ended."""

    version: int
    document: TemplateDocument | None
    at: datetime
    by: str


@dataclass(frozen=True, slots=True)
class Ended:
    """A template that is in force no more, as it was last; `at` and `by` are those of its end."""

    key: str
    document: TemplateDocument
    at: datetime
    by: str


def parse(section: Any) -> dict[str, TemplateDocument]:
    """Read the section `coupons` of a programme document.

    Raises:
        BadTemplate: every place that cannot be used.
    """
    if not isinstance(section, Mapping):
        raise BadTemplate([(("coupons",), "takes templates by their key")])
    faults: list[tuple[Place, str]] = []
    found: dict[str, TemplateDocument] = {}
    announced: dict[str, str] = {}
    for key, document in section.items():
        place: Place = ("coupons", str(key))
        if not is_key(key):
            faults.append((place, f"a key has 1 to {LONGEST_KEY} letters, digits and hyphens"))
            continue
        try:
            found[key] = documents.read(document)
        except BadTemplate as error:
            faults += [((*place, *inner), says) for inner, says in error.faults]
            continue
        # A day and an instant are only comparable in the shop's time zone.
        if found[key].valid.fixed and _is_empty(found[key]):
            faults.append(((*place, "valid", "until"), "valid.until lies before valid.from"))
        if (text := found[key].code.text) is not None:
            other = announced.setdefault(codes.plain(text), key)
            if other != key:
                faults.append(((*place, "code", "text"), f"is the code of {other} already"))
    if faults:
        raise BadTemplate(faults)
    return found


def _is_empty(document: TemplateDocument) -> bool:
    since, until = document.valid.window(_WHENEVER, settings.LAOKE.zone)
    return since >= until


def is_key(key: Any) -> bool:
    """Whether a template can have this key."""
    return isinstance(key, str) and 1 <= len(key) <= LONGEST_KEY and key.replace("-", "").isalnum()


def to_document(templates: Templates) -> dict[str, Any]:
    """The documents that `parse` reads back into the same templates."""
    return {key: documents.written(document) for key, document in templates.documents.items()}


def differ(wanted: Mapping[str, TemplateDocument], templates: Templates) -> bool:
    """Whether publishing these would change anything."""
    return {key: documents.written(each) for key, each in wanted.items()} != to_document(templates)


def announced_codes(wanted: Mapping[str, TemplateDocument]) -> Iterator[tuple[str, str]]:
    """Announced codes with the template each belongs to."""
    for key, document in wanted.items():
        if document.code.text is not None:
            yield document.code.text, key


def at_version(programme_version: int) -> Templates:
    """The templates in force in a version of the programme, in the order in which they were first published."""
    newest: dict[str, Any] = {}
    rows = CouponTemplateVersion.objects.filter(programme_version__lte=programme_version).order_by("id")
    for row in rows:
        newest[row.key] = row.document
    return Templates({key: documents.read(each) for key, each in newest.items() if each is not None})


def current() -> Templates:
    """The templates in force now."""
    return at_version(generations.current(generations.PROGRAMME))


def last_of(keys: Collection[str]) -> dict[str, TemplateDocument]:
    """Templates as they were published last, also those that have ended."""
    rows = CouponTemplateVersion.objects.filter(key__in=keys, document__isnull=False).order_by("id")
    return {key: documents.read(each) for key, each in {row.key: row.document for row in rows}.items()}


def ended() -> list[Ended]:
    """The templates that have ended and were not published again, the last one first."""
    newest = CouponTemplateVersion.objects.order_by("key", "-id").distinct("key")
    rows = sorted((row for row in newest if row.document is None), key=lambda row: row.pk, reverse=True)
    said = last_of([row.key for row in rows])
    return [Ended(row.key, said[row.key], row.published_at, row.published_by) for row in rows]


def history(key: str) -> list[Published]:
    """Every version of a template, newest first."""
    rows = CouponTemplateVersion.objects.filter(key=key).order_by("-id")
    return [
        Published(
            row.programme_version,
            None if row.document is None else documents.read(row.document),
            row.published_at,
            row.published_by,
        )
        for row in rows
    ]


def beside(key: str, document: Any, templates: Templates) -> dict[str, TemplateDocument]:
    """The templates there would be with this one as it is written here; None: without it.

    Raises:
        BadTemplate: every place of this one that cannot be used.
    """
    others = {name: each for name, each in to_document(templates).items() if name != key}
    if document is None:
        return parse(others)
    # In its own place: the order of a programme is that of the first publications.
    names = [*templates.documents] if key in templates.documents else [*templates.documents, key]
    try:
        return parse({name: document if name == key else others[name] for name in names})
    except BadTemplate as error:
        raise BadTemplate([(place[2:], says) for place, says in error.faults]) from None


def hold(key: str, seen: int | None) -> Templates:
    """The templates in force, which nobody changes until the running transaction ends.

    Args:
        seen: the programme version of the template that the caller looked at; None: there was none of this key.
    Raises:
        TemplateChanged: it was published or ended since.
    """
    version = generations.hold(generations.PROGRAMME)
    row = CouponTemplateVersion.objects.filter(key=key).order_by("-id").first()
    if (None if row is None else row.programme_version) != seen:
        raise TemplateChanged(key, "" if row is None else row.published_by)
    return at_version(version)


def publish(caller: Caller, wanted: Mapping[str, TemplateDocument], *, at: datetime, reason: str = "") -> int:
    """Put these templates in force from this commit on, and end all others; returns the programme version.

    Call in a transaction. Coupons that are out keep the time they were issued with; those of a template that ends
    cannot be used any more, until it is published again.

    Raises:
        BadTemplate: an announced code is the code of a coupon that was issued.
    """
    caller.require(Scope.PROGRAMME_WRITE)
    before = current().documents
    version = generations.bump(generations.PROGRAMME)
    for key in [*wanted, *(key for key in before if key not in wanted)]:
        old, new = before.get(key), wanted.get(key)
        former, after = (None if each is None else documents.written(each) for each in (old, new))
        if former == after:
            continue
        CouponTemplateVersion.objects.create(
            key=key, programme_version=version, document=after, published_at=at, published_by=caller.label
        )
        record(
            caller,
            "coupon_template.published" if new is not None else "coupon_template.ended",
            "coupon_template",
            key,
            at=at,
            before=None if old is None else {"name": old.name.zh},
            after=None if new is None else {"name": new.name.zh},
            reason=reason,
        )
    limits.put_in_force(wanted)
    _announce(caller, wanted, version, at)
    return version


def _announce(caller: Caller, wanted: Mapping[str, TemplateDocument], version: int, at: datetime) -> None:
    """Have exactly the announced codes of these templates open, each with the dates of its template."""
    safe = vault()
    out = {
        bytes(row.code_index): row for row in Coupon.objects.select_for_update().filter(issued_for_all=True)
    }
    for text, key in announced_codes(wanted):
        index = codes.index(safe, text)
        window = wanted[key].valid.window(at, settings.LAOKE.zone)
        row = out.pop(index, None)
        if row is None and Coupon.objects.filter(code_index=index).exists():
            raise BadTemplate(
                [(("coupons", key, "code", "text"), "is the code of a coupon that was issued already")]
            )
        if row is None:
            row = Coupon(
                shared=True,
                issued_for_all=True,
                code_index=index,
                code_sealed=codes.seal(safe, text),
                issued_at=at,
                issued_by=caller.label,
            )
        row.template, row.programme_version, row.state = key, version, Coupon.OPEN
        row.valid_from, row.valid_until = window
        row.save()
    for row in out.values():
        if row.state == Coupon.OPEN:
            row.state = Coupon.REVOKED
            row.save(update_fields=["state"])
            CouponEvent.objects.create(
                coupon_id=row.pk, kind="revoked", at=at, recorded_at=at, actor=caller.label
            )
