"""What the endpoints of coupons take and give."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, model_validator

from laoke.benefits.coupons import documents
from laoke.benefits.coupons.holds import MOST_MINUTES
from laoke.benefits.coupons.issuing import MOST_BY_HAND
from laoke.benefits.coupons.selectors import BatchView, CouponView, Step, TemplateRow
from laoke.foundation.web.fields import LARGEST_ID, Code, In, Text, example

Id = Annotated[int, Field(strict=True, ge=1, le=LARGEST_ID)]
Why = Annotated[Text, Field(min_length=2, max_length=200)]
State = Literal["usable", "upcoming", "held", "used", "expired", "revoked"]

_COUPON: dict[str, object] = {
    "coupon_id": 5501,
    "template": "thanks-10",
    "name": {"zh": "满50减10券", "en": "10 off 50"},
    "state": "usable",
    "code": "····8K3Q",
    "shared": False,
    "member_id": 1042,
    "valid_from": "2026-03-10T04:00:00Z",
    "valid_until": "2026-03-17T16:00:00Z",
    "issued_at": "2026-03-10T04:00:00Z",
    "batch_id": None,
    "order_id": None,
    "offer": None,
    "used_order_id": None,
    "used_at": None,
    "held_until": None,
    "transferable": True,
}
_BATCH: dict[str, object] = {
    "batch_id": 12,
    "template": "thanks-10",
    "name": "三月答谢",
    "kind": "members",
    "each": 1,
    "state": "issuing",
    "recipients": 2,
    "position": 0,
    "issued": 0,
    "refused": 0,
    "asked_at": "2026-03-10T04:00:00Z",
    "ended_at": None,
    "condition": None,
}


class CouponNameOut(BaseModel):
    """A name in both languages."""

    zh: str = Field(examples=["满50减10券"])
    en: str = Field(examples=["10 off 50"])


class CouponTemplateOut(BaseModel):
    """A template in force. Numbers stop counting at 100,001: then there are more."""

    template: str = Field(examples=["thanks-10"])
    name: CouponNameOut
    document: dict[str, Any] = Field(
        examples=[
            {
                "name": {"zh": "满50减10券", "en": "10 off 50"},
                "valid": {"days": 7},
                "transferable": True,
                "limits": {"per_member": 5},
            }
        ],
        description="as published",
    )
    issued: int = Field(examples=[1])
    used: int = Field(examples=[0])

    @classmethod
    def of(cls, row: TemplateRow) -> CouponTemplateOut:
        """From the module's own type."""
        name = CouponNameOut(zh=row.document.name.zh, en=row.document.name.en)
        return cls(
            template=row.key,
            name=name,
            document=documents.written(row.document),
            issued=row.issued,
            used=row.used,
        )


class CouponTemplatesOut(BaseModel):
    """The templates in force."""

    templates: list[CouponTemplateOut]


class CouponOut(BaseModel):
    """One coupon. `code` is whole for keys with `coupons:reveal`, else only its end."""

    model_config = example(**_COUPON)

    coupon_id: int
    template: str
    name: CouponNameOut
    state: State
    code: str
    shared: bool
    member_id: int | None
    valid_from: datetime
    valid_until: datetime
    issued_at: datetime
    batch_id: int | None
    order_id: int | None = Field(description="the order it came with")
    offer: str | None = Field(description="the offer that gave it")
    used_order_id: int | None
    used_at: datetime | None
    held_until: datetime | None
    transferable: bool

    @classmethod
    def of(cls, view: CouponView, code: str | None = None) -> CouponOut:
        """From the module's own type; `code` is the whole one."""
        found = asdict(view) | {
            "name": {"zh": view.name_zh, "en": view.name_en},
            "offer": view.offer or None,
            "held_until": view.held_until if view.state == "held" else None,
        }
        return cls.model_validate(found | ({"code": code} if code is not None else {}))


class CouponWalletOut(BaseModel):
    """A page of a member's coupons, the newest first. `after` opens the next page."""

    coupons: list[CouponOut]
    after: str | None = Field(examples=["WzU1MDFd"])

    @classmethod
    def of(
        cls, views: Sequence[CouponView], whole: Sequence[str] | None, after: str | None
    ) -> CouponWalletOut:
        """From the module's own types; `whole` are the codes."""
        codes: Sequence[str | None] = whole if whole is not None else [None] * len(views)
        return cls(
            coupons=[CouponOut.of(view, code) for view, code in zip(views, codes, strict=True)], after=after
        )


class CouponStepOut(BaseModel):
    """What happened to a coupon: issued, used, given_back, transferred, revoked."""

    kind: str = Field(examples=["issued"])
    at: datetime = Field(examples=["2026-03-10T04:00:00Z"])
    order_id: int | None = Field(examples=[None])
    member_id: int | None = Field(examples=[1042])
    amount_minor: int | None = Field(examples=[None], description="what it took off, of a use")

    @classmethod
    def of(cls, step: Step) -> CouponStepOut:
        """From the module's own type."""
        return cls(
            kind=step.kind,
            at=step.at,
            order_id=step.order_id,
            member_id=step.member_id,
            amount_minor=step.amount_minor,
        )


class CouponWithHistoryOut(BaseModel):
    """One coupon and everything that happened to it, the first thing first."""

    coupon: CouponOut
    history: list[CouponStepOut]


class CouponGiveIn(In):
    """Coupons for one member."""

    model_config = example(template="thanks-10", quantity=1, reason="配送延误致歉")

    template: Code
    quantity: Annotated[int, Field(strict=True, ge=1, le=MOST_BY_HAND)] = 1
    reason: Text = ""


class GivenCouponOut(BaseModel):
    """A coupon that was issued; its code is in the wallet."""

    coupon_id: int = Field(examples=[5503])
    valid_from: datetime = Field(examples=["2026-03-10T04:00:00Z"])
    valid_until: datetime = Field(examples=["2026-03-17T16:00:00Z"])


class CouponGivenOut(BaseModel):
    """The coupons that were issued."""

    member_id: int = Field(examples=[1042])
    template: str = Field(examples=["thanks-10"])
    coupons: list[GivenCouponOut]


class CouponLookupIn(In):
    """A code as it was entered; it travels in the body and never in an address."""

    model_config = example(code="WELCOME20")

    code: Code


class CouponHoldIn(In):
    """Coupons to be held for an order that is not paid yet. Those in a wallet need its `member_id`."""

    model_config = example(codes=["WELCOME20"], store="S001", order_no="W-88301", minutes=15, member_id=1042)

    codes: Annotated[list[Code], Field(min_length=1, max_length=20)]
    store: Code
    order_no: Code
    minutes: Annotated[int, Field(strict=True, ge=1, le=MOST_MINUTES)] = 15
    member_id: Id | None = None


class CouponHeldOut(BaseModel):
    """Held until before this instant; codes for everybody need no hold and are not counted."""

    coupons: list[int] = Field(examples=[[5510]])
    until: datetime = Field(examples=["2026-03-10T04:15:00Z"])


class CouponReleaseIn(In):
    """The order that is not waited for any more."""

    model_config = example(store="S001", order_no="W-88301")

    store: Code
    order_no: Code


class CouponReleasedOut(BaseModel):
    """How many coupons are free again; a repeat finds none."""

    released: int = Field(examples=[0])


class CouponTransferIn(In):
    """To whom a coupon goes."""

    model_config = example(to_member_id=1077, reason="转赠好友")

    to_member_id: Id
    reason: Text = ""


class CouponTransferredOut(BaseModel):
    """Whose coupon it is now, and whose it was."""

    coupon_id: int = Field(examples=[5501])
    member_id: int = Field(examples=[1077])
    from_member_id: int = Field(examples=[1042])


class CouponRevokeIn(In):
    """Why a coupon is taken out of use."""

    model_config = example(reason="误发")

    reason: Why


class CouponRevokedOut(BaseModel):
    """`changed` is false when it was revoked before."""

    coupon_id: int = Field(examples=[5501])
    changed: bool = Field(examples=[True])


class CouponBatchIn(In):
    """Coupons for many: `members`, or all members a condition holds for (`when`), or `codes` in nobody's wallet."""

    model_config = example(template="thanks-10", name="三月答谢", members=[1042, 1077], each=1)

    template: Code
    name: Annotated[Text, Field(max_length=120)] = ""
    each: Annotated[int, Field(strict=True, ge=1, le=MOST_BY_HAND)] = 1
    members: Annotated[list[Id], Field(min_length=1, max_length=100_000)] | None = None
    when: dict[str, Any] | None = Field(None, description="as offers write conditions, of the member only")
    codes: Annotated[int, Field(strict=True, ge=1, le=1_000_000)] | None = None

    @model_validator(mode="after")
    def _one_way(self) -> CouponBatchIn:
        if sum(each is not None for each in (self.members, self.when, self.codes)) != 1:
            raise ValueError("takes exactly one of members, when and codes")
        return self


class CouponAskedOut(BaseModel):
    """The issue that a worker begins now."""

    batch_id: int = Field(examples=[13])
    state: str = Field(examples=["issuing"])


class CouponBatchOut(BaseModel):
    """An issue of coupons to many. `position` of `recipients` are done."""

    model_config = example(**_BATCH)

    batch_id: int
    template: str
    name: str
    kind: Literal["members", "audience", "codes"]
    each: int
    state: Literal["waiting", "gathering", "issuing", "done", "stopped", "failed"]
    recipients: int
    position: int
    issued: int
    refused: int
    asked_at: datetime
    ended_at: datetime | None
    condition: dict[str, Any] | None

    @classmethod
    def of(cls, view: BatchView) -> CouponBatchOut:
        """From the module's own type."""
        return cls.model_validate(asdict(view))


class CouponBatchesOut(BaseModel):
    """A page of issues, the newest first. `after` opens the next page."""

    batches: list[CouponBatchOut]
    after: str | None = Field(examples=["WzEyXQ"])


class CouponCodeOut(BaseModel):
    """One code of an issue."""

    coupon_id: int = Field(examples=[5520])
    code: str = Field(examples=["WQ3H-8K2N-TRZB-45XD"])
    member_id: int | None = Field(examples=[None])
    state: State = Field(examples=["usable"])
    valid_until: datetime = Field(examples=["2026-03-17T16:00:00Z"])


class CouponExportIn(In):
    """Which page of codes: the first without `after`."""

    model_config = example(limit=200)

    after: Annotated[str, Field(max_length=1000)] | None = None
    limit: Annotated[int, Field(strict=True, ge=1, le=1000)] = 200


class CouponCodesOut(BaseModel):
    """A page of the codes of an issue, in the order of their number. `after` opens the next page."""

    codes: list[CouponCodeOut]
    after: str | None = Field(examples=["WzIwMF0"])
