"""What other modules may hold of a member. Fields with clear personal data stay out of `repr`, so out of logs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TypeAlias, TypedDict

from django.db.models import TextChoices

from laoke.kernel.errors import LaokeError

MemberId: TypeAlias = int
MergeId: TypeAlias = int
HouseholdId: TypeAlias = int


class MemberStatus(TextChoices):
    """Active and blocked members are people; merged and erased rows only keep their number."""

    ACTIVE = "active"
    BLOCKED = "blocked"
    MERGED = "merged"
    ERASED = "erased"


class IdentityKind(TextChoices):
    """What a member can be recognised by."""

    CARD = "card"
    PHONE = "phone"
    EMAIL = "email"
    WECHAT_OPENID = "wechat_openid"
    WECHAT_UNIONID = "wechat_unionid"
    SHOP_ACCOUNT = "shop_account"


class ConsentChannel(TextChoices):
    """Ways to reach a member."""

    SMS = "sms"
    EMAIL = "email"
    WECHAT = "wechat"
    APP = "app"
    PHONE = "phone"
    POST = "post"


class ConsentPurpose(TextChoices):
    """What a member may be contacted or analysed for."""

    SERVICE = "service"
    MARKETING = "marketing"
    PROFILING = "profiling"


@dataclass(frozen=True, slots=True)
class IdentityInput:
    """An identity as somebody typed, scanned or sent it.

    `issuer` names the app an openid belongs to or the shop an account belongs to; empty for the other kinds.
    """

    kind: str
    value: str = field(repr=False)
    issuer: str = ""


@dataclass(frozen=True, slots=True)
class ConsentInput:
    """One answer given with a registration; `at` is None when it was given at that very moment."""

    channel: str
    purpose: str
    granted: bool
    source: str
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Registration:
    """One member to be registered. `registered_at` is when it happened, which may be years ago in an import."""

    registered_at: datetime
    identities: tuple[IdentityInput, ...]
    name: str | None = field(default=None, repr=False)
    birth_date: date | None = field(default=None, repr=False)
    gender: str = ""
    language: str = ""
    home_store_id: int | None = None
    channel_id: int | None = None
    consents: tuple[ConsentInput, ...] = ()
    tags: tuple[str, ...] = ()
    tag_source: str = "registration"


@dataclass(frozen=True, slots=True)
class BulkOutcome:
    """What became of each row of a bulk registration, in its order: the new member's id, or why not."""

    outcomes: tuple[MemberId | LaokeError, ...]

    @property
    def member_ids(self) -> list[MemberId]:
        """The members that went in."""
        return [outcome for outcome in self.outcomes if not isinstance(outcome, LaokeError)]

    @property
    def refusals(self) -> list[tuple[int, LaokeError]]:
        """(index of the row, error) of those that did not; `error.extensions["field"]` names the field."""
        return [(i, outcome) for i, outcome in enumerate(self.outcomes) if isinstance(outcome, LaokeError)]


class ProfileChanges(TypedDict, total=False):
    """Fields to set; a missing key leaves the field, None (or "") empties it."""

    name: str | None
    birth_date: date | None
    gender: str
    language: str
    home_store_id: int | None


@dataclass(frozen=True, slots=True)
class MemberRef:
    """A member as found by an identifier: never a merged row, that resolves to the kept one."""

    id: MemberId
    status: MemberStatus
    version: int


@dataclass(frozen=True, slots=True)
class IdentityKey:
    """How `members_identity` is searched: unique there as (blind_index, kind, issuer)."""

    kind: IdentityKind
    issuer: str
    blind_index: bytes


@dataclass(frozen=True, slots=True)
class IdentityView:
    """An identity as staff see it."""

    id: int
    kind: IdentityKind
    issuer: str
    masked: str
    added_at: datetime


@dataclass(frozen=True, slots=True)
class Tag:
    """A word on a member, who put it there and when."""

    tag: str
    source: str
    added_at: datetime


@dataclass(frozen=True, slots=True)
class Consent:
    """The answer that holds for one channel and purpose."""

    channel: ConsentChannel
    purpose: ConsentPurpose
    granted: bool
    at: datetime
    source: str
    recorded_by: str


@dataclass(frozen=True, slots=True)
class Profile:
    """One member, masked. `birthday` is (month, day); the year is personal data and needs `reveal`."""

    id: MemberId
    status: MemberStatus
    merged_into: MemberId | None
    name_masked: str
    birthday: tuple[int, int] | None
    gender: str
    language: str
    registered_at: datetime
    registered_date: date
    home_store_id: int | None
    registered_channel_id: int | None
    updated_at: datetime
    version: int
    identities: tuple[IdentityView, ...]
    tags: tuple[Tag, ...]
    consents: tuple[Consent, ...]


@dataclass(frozen=True, slots=True)
class MemberRow:
    """One line of a list of members, masked. Of cards and phones the first is the one shown: the newest of the
    member's own, before those that merged members brought along."""

    id: MemberId
    status: MemberStatus
    name_masked: str
    phones_masked: tuple[str, ...]
    cards_masked: tuple[str, ...]
    registered_at: datetime
    home_store_id: int | None


@dataclass(frozen=True, slots=True)
class SearchPage:
    """A page of members, newest registration first; `after` opens the next page, None when this is the last."""

    rows: tuple[MemberRow, ...]
    after: str | None


# {"card": ...} | {"phone": ...} | {"member_id": ...} | {"wechat_openid": ..., "issuer": ...}
Identifier: TypeAlias = Mapping[str, str | int]


@dataclass(frozen=True, slots=True)
class HouseholdPerson:
    """A member of a household. `shares_points`: lets the others spend their points."""

    member_id: MemberId
    name_masked: str
    joined_at: datetime
    shares_points: bool


@dataclass(frozen=True, slots=True)
class HouseholdView:
    """Everybody who lives together."""

    id: HouseholdId
    people: tuple[HouseholdPerson, ...]
