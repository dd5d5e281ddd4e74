"""Events as the API speaks of them."""

from __future__ import annotations

from datetime import datetime

from pydantic import AwareDatetime, BaseModel, Field

from laoke.foundation.web.fields import Id, In, example


class EventIn(In):
    """Something a member did beside buying; now, unless it says when."""

    model_config = example(member_id=1042, kind="check_in")

    member_id: Id
    kind: str = Field(min_length=1, max_length=40)
    at: AwareDatetime | None = Field(
        None, description="when it happened, told later", examples=["2026-03-10T04:00:00Z"]
    )
    subject: str = Field("", max_length=100, description="what it is about: a survey, an article, a post")
    friend_id: Id | None = Field(None, description="the friend, of a referral")


class EventToldOut(BaseModel):
    """An event that was recorded. `limit` is the limit that kept it from paying."""

    event_id: int = Field(examples=[5120])
    member_id: int = Field(examples=[1042])
    kind: str = Field(examples=["check_in"])
    state: str = Field(
        examples=["earned"], description="`earned`, `capped`, or `waiting` for the friend's order"
    )
    limit: str | None = Field(examples=[None], description="`day`, `week`, `total` or `subject`")
    points: int = Field(examples=[2])
    bonus: int = Field(examples=[20], description="for days in a row, on top")
    streak_days: int | None = Field(examples=[7], description="days in a row up to this one")
    points_available: int = Field(examples=[80])


class UndoneIn(In):
    """Why an event is undone."""

    reason: str = Field(max_length=300, examples=["Told twice"])


class EventUndoneOut(BaseModel):
    """An event that was undone."""

    event_id: int = Field(examples=[5120])
    member_id: int = Field(examples=[1042])
    points: int = Field(examples=[22], description="points taken back")
    points_available: int = Field(examples=[58])


class EventOut(BaseModel):
    """An event of a member, and what it paid."""

    event_id: int = Field(examples=[5120])
    kind: str = Field(examples=["check_in"])
    subject: str = Field(examples=[""])
    friend_id: int | None = Field(examples=[None])
    state: str = Field(examples=["earned"])
    limit: str | None = Field(examples=[None])
    at: datetime = Field(examples=["2026-03-10T04:00:00Z"])
    points: int = Field(examples=[2])
    bonus: int = Field(examples=[20])
    friend_points: int = Field(examples=[0], description="of a referral, what the friend got")
    undone_at: datetime | None = Field(examples=[None])


class EventsOut(BaseModel):
    """A page of events."""

    events: list[EventOut]
    after: str | None = Field(
        examples=[None], description="ask for the next page with this; null on the last"
    )
