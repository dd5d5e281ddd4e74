"""Endpoints of members."""

from __future__ import annotations

from typing import Annotated

from django.http import HttpRequest, HttpResponse
from ninja import Path, Router
from ninja.responses import Status

from laoke.foundation import clock
from laoke.foundation.access import Scope
from laoke.foundation.idempotency.services import Command, once
from laoke.foundation.web.api import KeyAuth, answered, caller, idempotency_key, received_at
from laoke.foundation.web.fields import LARGEST_ID, After, Limit, MemberId
from laoke.foundation.web.openapi import OPTIONALLY_IDEMPOTENT
from laoke.members import places, selectors, services
from laoke.members.schemas import (
    ChangedOut,
    ConsentIn,
    ConsentOut,
    ConsentsOut,
    ExportOut,
    HouseholdIn,
    HouseholdMemberIn,
    HouseholdOut,
    IdentityAddedOut,
    IdentityIn,
    LookupIn,
    MemberOut,
    MembersOut,
    MergedOut,
    MergeIn,
    ReasonIn,
    RefOut,
    RegisteredOut,
    RegisterIn,
    RevealedOut,
    RevealIn,
    SearchIn,
    SharingIn,
    TagsIn,
    TagsOut,
    UntagIn,
    UpdateIn,
    VersionOut,
)

router = Router(tags=["members"])

MergeId = Annotated[int, Path(ge=1, le=LARGEST_ID, examples=[31])]
HouseholdId = Annotated[int, Path(ge=1, le=LARGEST_ID, examples=[12])]
IdentityId = Annotated[int, Path(ge=1, le=LARGEST_ID, examples=[2203])]

READ = KeyAuth(Scope.MEMBERS_READ)
WRITE = KeyAuth(Scope.MEMBERS_WRITE)
REVEAL = KeyAuth(Scope.MEMBERS_REVEAL)
MERGE = KeyAuth(Scope.MEMBERS_MERGE)
ERASE = KeyAuth(Scope.MEMBERS_ERASE)


@router.post(
    "/members",
    auth=WRITE,
    response={201: RegisteredOut},
    openapi_extra=OPTIONALLY_IDEMPOTENT,
    summary="Register a member",
)
def register(request: HttpRequest, body: RegisterIn) -> HttpResponse | Status[dict[str, int]]:
    """Register a person. Registering is safe to repeat: an identity belongs to one member, so a repeat is refused as
    `identity-taken`, which names the member. With an `Idempotency-Key` a repeat gets the first answer instead.
    """
    who, at = caller(request), received_at(request)

    def run() -> dict[str, int]:
        member_id = services.register(
            caller=who,
            at=at,
            identities=[each.identity() for each in body.identities],
            name=body.name,
            birth_date=body.birth_date,
            gender=body.gender,
            language=body.language,
            home_store_id=places.known().store(who, body.home_store) if body.home_store else None,
            channel_id=places.known().channel(body.channel) if body.channel else None,
            consents=body.consents_given(),
            tags=body.tags,
        )
        return {"member_id": member_id, "version": 1}

    if "Idempotency-Key" not in request.headers:
        return Status(201, run())
    command = Command(idempotency_key(request), (b"register", request.body))
    return answered(once(who, command, run, at=at))


@router.get("/members", auth=READ, response=MembersOut, summary="List members")
def list_members(request: HttpRequest, after: After = None, limit: Limit = 50) -> MembersOut:
    """Active and blocked members, newest registration first. To look for somebody see `POST /members/search`."""
    page = selectors.search("", limit=limit, after=after)
    return MembersOut.of(page.rows, page.after)


@router.post("/members/search", auth=READ, response=MembersOut, summary="Search members")
def search(request: HttpRequest, body: SearchIn) -> MembersOut:
    """Members that a text may mean: a phone or its last four digits, a card, an e-mail address, a member id, a name
    or a part of it. The text travels in the body, because addresses are logged on their way.
    """
    page = selectors.search(body.text, limit=body.limit, after=body.after)
    return MembersOut.of(page.rows, page.after)


@router.post("/members/lookup", auth=READ, response=RefOut, summary="Find one member by an identifier")
def lookup(request: HttpRequest, body: LookupIn) -> RefOut:
    """The member that a card, phone, e-mail address or external id belongs to; of merged members the kept one."""
    found = selectors.resolve(body.identifier())
    return RefOut(member_id=found.id, status=found.status, version=found.version)


@router.post("/members/merges", auth=MERGE, response={201: MergedOut}, summary="Merge two members")
def merge(request: HttpRequest, body: MergeIn) -> Status[MergedOut]:
    """One person had two memberships: identities, points, orders and tier go to the kept one. A repeat answers with
    the merge that was made. It can be undone for 30 days.
    """
    merge_id = services.merge(
        caller=caller(request),
        kept_id=body.kept_id,
        gone_id=body.gone_id,
        reason=body.reason,
        at=received_at(request),
    )
    return Status(201, MergedOut(merge_id=merge_id, kept_id=body.kept_id, gone_id=body.gone_id))


@router.post("/members/merges/{merge_id}/undo", auth=MERGE, response=ChangedOut, summary="Undo a merge")
def undo_merge(request: HttpRequest, merge_id: MergeId) -> ChangedOut:
    """Everything goes back to whom it came from; what was added to the kept member since stays with it."""
    changed = services.unmerge(caller=caller(request), merge_id=merge_id, at=received_at(request))
    return ChangedOut(changed=changed)


@router.get("/members/{member_id}", auth=READ, response=MemberOut, summary="Show a member")
def show(request: HttpRequest, member_id: MemberId) -> MemberOut:
    """What is known of a member, masked."""
    return MemberOut.of(selectors.profile(member_id))


@router.patch("/members/{member_id}", auth=WRITE, response=VersionOut, summary="Change a member")
def update(request: HttpRequest, member_id: MemberId, body: UpdateIn) -> VersionOut:
    """Set fields of a member that nobody changed since it was read (`version`). A repeat changes nothing."""
    who = caller(request)
    store_id = places.known().store(who, body.home_store) if body.home_store else None
    version = services.update(
        caller=who,
        member_id=member_id,
        changes=body.changes(store_id),
        expected_version=body.version,
        at=received_at(request),
    )
    return VersionOut(member_id=member_id, version=version)


@router.post(
    "/members/{member_id}/identities",
    auth=WRITE,
    response={201: IdentityAddedOut},
    summary="Give a member an identity",
)
def add_identity(request: HttpRequest, member_id: MemberId, body: IdentityIn) -> Status[IdentityAddedOut]:
    """One more card, phone or external id. One the member has already is left as it is."""
    identity_id = services.add_identity(
        caller=caller(request), member_id=member_id, identity=body.identity(), at=received_at(request)
    )
    return Status(201, IdentityAddedOut(identity_id=identity_id))


@router.delete(
    "/members/{member_id}/identities/{identity_id}",
    auth=WRITE,
    response=ChangedOut,
    summary="Take an identity from a member",
)
def remove_identity(request: HttpRequest, member_id: MemberId, identity_id: IdentityId) -> ChangedOut:
    """A card that was lost, a phone that changed hands. The last one stays: give the member another one first."""
    changed = services.remove_identity(
        caller=caller(request), member_id=member_id, identity_id=identity_id, at=received_at(request)
    )
    return ChangedOut(changed=changed)


@router.post("/members/{member_id}/tags", auth=WRITE, response=TagsOut, summary="Tag a member")
def tag(request: HttpRequest, member_id: MemberId, body: TagsIn) -> TagsOut:
    """Put words on a member; answers with those that are new."""
    new = services.tag(
        caller=caller(request),
        member_id=member_id,
        tags=body.tags,
        at=received_at(request),
        source=body.source,
    )
    return TagsOut(tags=list(new))


@router.post("/members/{member_id}/tags/remove", auth=WRITE, response=TagsOut, summary="Untag a member")
def untag(request: HttpRequest, member_id: MemberId, body: UntagIn) -> TagsOut:
    """Take words off a member; answers with those that were there. A word on a person says something about them, so
    it travels in the body.
    """
    gone = services.untag(
        caller=caller(request), member_id=member_id, tags=body.tags, at=received_at(request)
    )
    return TagsOut(tags=list(gone))


@router.get(
    "/members/{member_id}/consents", auth=READ, response=ConsentsOut, summary="Show a member's consents"
)
def consents(request: HttpRequest, member_id: MemberId) -> ConsentsOut:
    """The answers that hold."""
    return ConsentsOut(consents=[ConsentOut.of(each) for each in selectors.profile(member_id).consents])


@router.post("/members/{member_id}/consents", auth=WRITE, response=ChangedOut, summary="Record a consent")
def record_consent(request: HttpRequest, member_id: MemberId, body: ConsentIn) -> ChangedOut:
    """A yes or a no to one purpose over one channel. The newest answer holds; an older one is kept as history."""
    now = received_at(request)
    if body.at is not None:
        clock.check(body.at, now)
    changed = services.record_consent(
        caller=caller(request),
        member_id=member_id,
        channel=body.channel.value,
        purpose=body.purpose.value,
        granted=body.granted,
        at=body.at or now,
        source=body.source,
    )
    return ChangedOut(changed=changed)


@router.post("/members/{member_id}/block", auth=WRITE, response=ChangedOut, summary="Block a member")
def block(request: HttpRequest, member_id: MemberId, body: ReasonIn) -> ChangedOut:
    """A blocked member neither earns nor spends. A repeat changes nothing."""
    changed = services.block(
        caller=caller(request), member_id=member_id, reason=body.reason, at=received_at(request)
    )
    return ChangedOut(changed=changed)


@router.post("/members/{member_id}/unblock", auth=WRITE, response=ChangedOut, summary="Unblock a member")
def unblock(request: HttpRequest, member_id: MemberId, body: ReasonIn) -> ChangedOut:
    """Lift the block. A repeat changes nothing."""
    changed = services.unblock(
        caller=caller(request), member_id=member_id, reason=body.reason, at=received_at(request)
    )
    return ChangedOut(changed=changed)


@router.post(
    "/members/{member_id}/reveal", auth=REVEAL, response=RevealedOut, summary="See one field in clear"
)
def reveal(request: HttpRequest, member_id: MemberId, body: RevealIn) -> RevealedOut:
    """Who looked, at what and why goes into the audit trail, even when there was nothing to see."""
    values = selectors.reveal(
        caller=caller(request),
        member_id=member_id,
        field=body.field,
        reason=body.reason,
        at=received_at(request),
    )
    return RevealedOut(field=body.field, values=list(values))


@router.post("/members/{member_id}/export", auth=REVEAL, response=ExportOut, summary="Export a person's data")
def export(request: HttpRequest, member_id: MemberId, body: ReasonIn) -> ExportOut:
    """Everything kept of one person, in clear, for that person to read. Audited like a look.

    Refused to keys limited to stores: it holds the orders of all of them.
    """
    data = services.export_person(
        caller=caller(request), member_id=member_id, reason=body.reason, at=received_at(request)
    )
    return ExportOut.model_validate(data)


@router.post("/members/{member_id}/erase", auth=ERASE, response=ChangedOut, summary="Erase a person")
def erase(request: HttpRequest, member_id: MemberId, body: ReasonIn) -> ChangedOut:
    """The person goes, the numbers stay: orders and points keep a member id that leads to nobody. Final."""
    changed = services.erase_person(
        caller=caller(request), member_id=member_id, reason=body.reason, at=received_at(request)
    )
    return ChangedOut(changed=changed)


@router.post("/households", auth=WRITE, response={201: HouseholdOut}, summary="Form a household")
def form_household(request: HttpRequest, body: HouseholdIn) -> Status[HouseholdOut]:
    """Put members who live together into one household. A repeat answers with the household they are in."""
    services.form_household(caller=caller(request), member_ids=body.member_ids, at=received_at(request))
    return Status(201, HouseholdOut.of(selectors.household(body.member_ids[0])))


@router.post(
    "/households/{household_id}/members",
    auth=WRITE,
    response=ChangedOut,
    summary="Put a member into a household",
)
def join_household(request: HttpRequest, household_id: HouseholdId, body: HouseholdMemberIn) -> ChangedOut:
    """One lives in one household at a time. A repeat changes nothing."""
    changed = services.join_household(
        caller=caller(request), household_id=household_id, member_id=body.member_id, at=received_at(request)
    )
    return ChangedOut(changed=changed)


@router.get(
    "/members/{member_id}/household", auth=READ, response=HouseholdOut, summary="Show a member's household"
)
def household(request: HttpRequest, member_id: MemberId) -> HouseholdOut:
    """Everybody in it, masked, who joined first first."""
    return HouseholdOut.of(selectors.household(member_id))


@router.delete(
    "/members/{member_id}/household",
    auth=WRITE,
    response=ChangedOut,
    summary="Take a member out of the household",
)
def leave_household(request: HttpRequest, member_id: MemberId) -> ChangedOut:
    """The others stay. A repeat changes nothing."""
    changed = services.leave_household(caller=caller(request), member_id=member_id, at=received_at(request))
    return ChangedOut(changed=changed)


@router.post(
    "/members/{member_id}/household/sharing",
    auth=WRITE,
    response=ChangedOut,
    summary="Share points with the household",
)
def share_points(request: HttpRequest, member_id: MemberId, body: SharingIn) -> ChangedOut:
    """Whether the others of the household may spend this member's points: the member's own word, as told to you.
    A repeat changes nothing.
    """
    changed = services.share_points(
        caller=caller(request), member_id=member_id, shares=body.shares_points, at=received_at(request)
    )
    return ChangedOut(changed=changed)
