"""What the endpoints of members take and give. Answers are masked; only `reveal` and `export` show clear text."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

from laoke.foundation.web.fields import Code, Day, Id, In, Instant, Text, example
from laoke.members import places
from laoke.members.types import (
    Consent,
    ConsentChannel,
    ConsentInput,
    ConsentPurpose,
    HouseholdView,
    Identifier,
    IdentityInput,
    IdentityKind,
    MemberRow,
    MemberStatus,
    Profile,
    ProfileChanges,
    Tag,
)

Reason = Annotated[
    str,
    Field(
        min_length=2,
        max_length=300,
        description="goes into the audit trail; leave personal data out",
        examples=["asked for at the counter"],
    ),
]
Source = Annotated[
    str, Field(min_length=1, max_length=40, description="pos, mini_program, call ...", examples=["pos"])
]
TagText = Annotated[str, Field(min_length=1, max_length=100, examples=["爱喝鲜奶"])]
Tags = Annotated[list[TagText], Field(min_length=1, max_length=50)]
Gender = Literal["", "m", "f"]
Name = Annotated[Text, Field(examples=["陈雨桐"])]
Language = Annotated[str, Field(max_length=10, examples=["zh-hans"])]


class IdentityIn(In):
    """What a member is recognised by. `issuer` names the app of an openid or the shop of an account."""

    kind: IdentityKind = Field(examples=["phone"])
    value: Annotated[Text, Field(min_length=1, examples=["138 1234 6217"])]
    issuer: Annotated[Text, Field(max_length=40, examples=[""])] = ""

    def identity(self) -> IdentityInput:
        """As the services take it."""
        return IdentityInput(self.kind.value, self.value, self.issuer)


class LookupIn(In):
    """An identifier. It travels in the body, never in an address: addresses are logged on their way."""

    kind: IdentityKind | Literal["member_id"] = Field(examples=["phone"])
    value: Annotated[Text, Field(min_length=1, examples=["13812346217"])]
    issuer: Annotated[Text, Field(max_length=40, examples=[""])] = ""

    def identifier(self) -> Identifier:
        """As the selectors take it."""
        return {str(self.kind): self.value} | ({"issuer": self.issuer} if self.issuer else {})


class SearchIn(In):
    """What somebody at the counter says: a phone or its last four digits, a card, a name or a part of it."""

    text: Annotated[Text, Field(examples=["6217"])] = ""
    after: Annotated[str, Field(max_length=1000, examples=[None])] | None = None
    limit: Annotated[int, Field(strict=True, ge=1, le=200, examples=[50])] = 50


class ConsentGivenIn(In):
    """An answer given with the registration."""

    channel: ConsentChannel = Field(examples=["sms"])
    purpose: ConsentPurpose = Field(examples=["marketing"])
    granted: bool = Field(strict=True, examples=[True])


class ConsentIn(ConsentGivenIn):
    """An answer with its source. `at` is when it was given; now when left out."""

    source: Source
    at: Instant | None = None


class RegisterIn(In):
    """A person to be registered. At least one identity; the rest when known."""

    model_config = example(
        identities=[{"kind": "phone", "value": "13912345678"}, {"kind": "card", "value": "6900 8213"}],
        name="陈雨桐",
        birth_date="1990-05-21",
        gender="f",
        home_store="S001",
        channel="pos",
        consents=[{"channel": "sms", "purpose": "marketing", "granted": True}],
        source="pos",
    )

    identities: Annotated[list[IdentityIn], Field(min_length=1, max_length=10)]
    name: Name | None = None
    birth_date: Day | None = None
    gender: Gender = ""
    language: Language = ""
    home_store: Code | None = Field(None, description="code of a store")
    channel: Code | None = Field(None, description="code of the channel of registration")
    consents: Annotated[list[ConsentGivenIn], Field(max_length=18)] = []
    tags: Annotated[list[TagText], Field(max_length=50)] = []
    source: Source = "api"

    def consents_given(self) -> tuple[ConsentInput, ...]:
        """As the services take them."""
        return tuple(
            ConsentInput(each.channel.value, each.purpose.value, each.granted, self.source)
            for each in self.consents
        )


class UpdateIn(In):
    """Fields to set; a field left out stays, null empties it. `version` is the one that was read."""

    model_config = example(version=1, name="陈雨彤", home_store="S002")

    version: Annotated[int, Field(strict=True, ge=1, le=2**31 - 1)]
    name: Name | None = None
    birth_date: Day | None = None
    gender: Gender = ""
    language: Language = ""
    home_store: Code | None = None

    def changes(self, home_store_id: int | None) -> ProfileChanges:
        """As the services take them."""
        given: ProfileChanges = {}
        if "name" in self.model_fields_set:
            given["name"] = self.name
        if "birth_date" in self.model_fields_set:
            given["birth_date"] = self.birth_date
        if "gender" in self.model_fields_set:
            given["gender"] = self.gender
        if "language" in self.model_fields_set:
            given["language"] = self.language
        if "home_store" in self.model_fields_set:
            given["home_store_id"] = home_store_id
        return given


class TagsIn(In):
    """Words to put on a member."""

    tags: Tags
    source: Source = "staff"


class UntagIn(In):
    """Words to take off a member."""

    tags: Tags


class ReasonIn(In):
    """Why."""

    reason: Reason


class RevealIn(In):
    """One field to be seen in clear, and why."""

    field: Literal[
        "name", "birth_date", "card", "phone", "email", "wechat_openid", "wechat_unionid", "shop_account"
    ] = Field(examples=["phone"])
    reason: Reason


class MergeIn(In):
    """Two members that are one person: `gone_id` goes into `kept_id`."""

    kept_id: Id
    gone_id: Annotated[Id, Field(examples=[1077])]
    reason: Reason


class RegisteredOut(BaseModel):
    """The new member."""

    member_id: int = Field(examples=[1042])
    version: int = Field(examples=[1])


class VersionOut(BaseModel):
    """The member's version now."""

    member_id: int = Field(examples=[1042])
    version: int = Field(examples=[2])


class ChangedOut(BaseModel):
    """Whether this call changed anything; a repeat says no."""

    changed: bool


class RefOut(BaseModel):
    """The member behind an identifier; of merged ones the kept one."""

    member_id: int = Field(examples=[1042])
    status: MemberStatus = Field(examples=["active"])
    version: int = Field(examples=[1])


class IdentityOut(BaseModel):
    """An identity, masked."""

    identity_id: int = Field(examples=[2203])
    kind: IdentityKind = Field(examples=["phone"])
    issuer: str = Field(examples=[""])
    masked: str = Field(examples=["138 **** 6217"])
    added_at: datetime = Field(examples=["2026-03-10T04:00:00Z"])


class IdentityAddedOut(BaseModel):
    """The identity's id."""

    identity_id: int = Field(examples=[2204])


class TagOut(BaseModel):
    """A word, who put it there and when."""

    tag: str = Field(examples=["爱喝鲜奶"])
    source: str = Field(examples=["staff"])
    added_at: datetime = Field(examples=["2026-03-10T04:00:00Z"])

    @classmethod
    def of(cls, tag: Tag) -> TagOut:
        """From the module's own type."""
        return cls(tag=tag.tag, source=tag.source, added_at=tag.added_at)


class TagsOut(BaseModel):
    """The words this call put on or took off."""

    tags: list[str] = Field(examples=[["爱喝鲜奶"]])


class ConsentOut(BaseModel):
    """The answer that holds for one channel and purpose."""

    channel: ConsentChannel = Field(examples=["sms"])
    purpose: ConsentPurpose = Field(examples=["marketing"])
    granted: bool
    at: datetime = Field(examples=["2026-03-10T04:00:00Z"])
    source: str = Field(examples=["pos"])
    recorded_by: str = Field(examples=["till 7"])

    @classmethod
    def of(cls, consent: Consent) -> ConsentOut:
        """From the module's own type."""
        return cls(
            channel=consent.channel,
            purpose=consent.purpose,
            granted=consent.granted,
            at=consent.at,
            source=consent.source,
            recorded_by=consent.recorded_by,
        )


class ConsentsOut(BaseModel):
    """One answer per channel and purpose that was ever asked. Who was never asked has not agreed."""

    consents: list[ConsentOut]


class BirthdayOut(BaseModel):
    """Month and day; the year needs `reveal`."""

    month: int = Field(examples=[5])
    day: int = Field(examples=[21])


class MemberOut(BaseModel):
    """One member, masked. `merged_into` names the member that has everything when this one was merged."""

    member_id: int = Field(examples=[1042])
    status: MemberStatus = Field(examples=["active"])
    merged_into: int | None = Field(examples=[None])
    name_masked: str = Field(examples=["陈*桐"])
    birthday: BirthdayOut | None
    gender: str = Field(examples=["f"])
    language: str = Field(examples=["zh-hans"])
    registered_at: datetime = Field(examples=["2026-03-10T04:00:00Z"])
    registered_date: date = Field(examples=["2026-03-10"])
    home_store: str | None = Field(examples=["S001"])
    channel: str | None = Field(examples=["pos"])
    updated_at: datetime = Field(examples=["2026-03-10T04:00:00Z"])
    version: int = Field(examples=[1])
    identities: list[IdentityOut] = Field(
        description="of each kind the first is the one shown: the newest of the member's own, before those that came "
        "along with merged members"
    )
    tags: list[TagOut]
    consents: list[ConsentOut]

    @classmethod
    def of(cls, profile: Profile) -> MemberOut:
        """From the module's own type."""
        stores = places.known().store_codes({profile.home_store_id} - {None})  # type: ignore[arg-type]
        channels = places.known().channel_codes({profile.registered_channel_id} - {None})  # type: ignore[arg-type]
        month_day = profile.birthday
        return cls(
            member_id=profile.id,
            status=profile.status,
            merged_into=profile.merged_into,
            name_masked=profile.name_masked,
            birthday=BirthdayOut(month=month_day[0], day=month_day[1]) if month_day else None,
            gender=profile.gender,
            language=profile.language,
            registered_at=profile.registered_at,
            registered_date=profile.registered_date,
            home_store=stores.get(profile.home_store_id or 0),
            channel=channels.get(profile.registered_channel_id or 0),
            updated_at=profile.updated_at,
            version=profile.version,
            identities=[
                IdentityOut(
                    identity_id=each.id,
                    kind=each.kind,
                    issuer=each.issuer,
                    masked=each.masked,
                    added_at=each.added_at,
                )
                for each in profile.identities
            ],
            tags=[TagOut.of(each) for each in profile.tags],
            consents=[ConsentOut.of(each) for each in profile.consents],
        )


class MemberRowOut(BaseModel):
    """One line of a list, masked."""

    member_id: int = Field(examples=[1042])
    status: MemberStatus = Field(examples=["active"])
    name_masked: str = Field(examples=["陈*桐"])
    phones_masked: list[str] = Field(examples=[["138 **** 6217"]])
    cards_masked: list[str] = Field(examples=[["**** 8213"]])
    registered_at: datetime = Field(examples=["2026-03-10T04:00:00Z"])
    home_store: str | None = Field(examples=["S001"])


class MembersOut(BaseModel):
    """A page of members, newest registration first. `after` opens the next page."""

    members: list[MemberRowOut]
    after: str | None = Field(examples=["1773115200000000_1042"])

    @classmethod
    def of(cls, rows: Iterable[MemberRow], after: str | None) -> MembersOut:
        """From the module's own types."""
        rows = list(rows)
        stores = places.known().store_codes({row.home_store_id for row in rows if row.home_store_id})
        return cls(
            members=[
                MemberRowOut(
                    member_id=row.id,
                    status=row.status,
                    name_masked=row.name_masked,
                    phones_masked=list(row.phones_masked),
                    cards_masked=list(row.cards_masked),
                    registered_at=row.registered_at,
                    home_store=stores.get(row.home_store_id or 0),
                )
                for row in rows
            ],
            after=after,
        )


class RevealedOut(BaseModel):
    """The values in clear, the one shown first; a member may have several phones."""

    field: str = Field(examples=["phone"])
    values: list[str] = Field(examples=[["+8613812346217"]])


class MergedOut(BaseModel):
    """The merge; it can be undone for 30 days."""

    merge_id: int = Field(examples=[31])
    kept_id: int = Field(examples=[1042])
    gone_id: int = Field(examples=[1077])


class HouseholdIn(In):
    """Two to eight members who live together."""

    member_ids: Annotated[list[Id], Field(min_length=2, max_length=8, examples=[[1042, 1077]])]


class HouseholdMemberIn(In):
    """One more member."""

    member_id: Id = Field(examples=[1042])


class SharingIn(In):
    """The member's own word."""

    shares_points: bool = Field(
        strict=True,
        description="whether the others of the household may spend the member's points",
        examples=[True],
    )


class HouseholdPersonOut(BaseModel):
    """A member of a household, masked."""

    member_id: int = Field(examples=[1042])
    name: str = Field(description="masked", examples=["陈*桐"])
    joined_at: datetime = Field(examples=["2026-03-10T04:00:00Z"])
    shares_points: bool = Field(
        description="whether the others of the household may spend this member's points", examples=[True]
    )


class HouseholdOut(BaseModel):
    """Who lives together; `household_id` is null and `members` empty for somebody who lives in no household."""

    household_id: int | None = Field(examples=[12])
    members: list[HouseholdPersonOut]

    @classmethod
    def of(cls, view: HouseholdView | None) -> HouseholdOut:
        """As the selectors tell it."""
        if view is None:
            return cls(household_id=None, members=[])
        return cls(
            household_id=view.id,
            members=[
                HouseholdPersonOut(
                    member_id=each.member_id,
                    name=each.name_masked,
                    joined_at=each.joined_at,
                    shares_points=each.shares_points,
                )
                for each in view.people
            ],
        )


class ExportOut(BaseModel):
    """Everything kept of one person, in clear, with the rows merged into the member."""

    model_config = example(
        member_id=1042,
        exported_at="2026-03-10T04:00:00+00:00",
        members=[{"member_id": 1042, "profile": {"name": "陈雨桐"}, "modules": {"points": {}}}],
        merges=[],
    )

    member_id: int
    exported_at: str
    members: list[dict[str, Any]]
    merges: list[dict[str, Any]]
