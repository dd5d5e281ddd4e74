"""Every refusal of this module. Details and extensions never repeat the personal data they refuse."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext as _

from laoke.foundation.paging import BadCursor as BadCursor
from laoke.kernel.errors import LaokeError
from laoke.members.types import HouseholdId, MemberId, MergeId


class UnknownMember(LaokeError):
    """Nobody is known by this identifier."""

    code, status, title = "unknown-member", 404, "No such member"

    def __init__(self) -> None:
        super().__init__(_("No member is known by this identifier. Check it, or register the member first."))


class MemberMerged(LaokeError):
    """The member was merged into another one, which now has everything."""

    code, status, title = "member-merged", 409, "Member was merged"

    def __init__(self, member_id: MemberId, kept_id: MemberId) -> None:
        super().__init__(
            _("Member %(id)s was merged into member %(kept)s. Use that one.")
            % {"id": member_id, "kept": kept_id},
            member_id=member_id,
            kept_id=kept_id,
        )


class MemberErased(LaokeError):
    """The person asked to be forgotten; only the number is left."""

    code, status, title = "member-erased", 410, "Member was erased"

    def __init__(self, member_id: MemberId) -> None:
        super().__init__(
            _("Member %(id)s was erased at the person's request. Register them anew if they came back.")
            % {"id": member_id},
            member_id=member_id,
        )


class MemberChanged(LaokeError):
    """Somebody else changed the member since the caller read it."""

    code, status, title = "member-changed", 409, "Member was changed meanwhile"

    def __init__(self, member_id: MemberId, version: int, changed_at: datetime) -> None:
        super().__init__(
            _("Member %(id)s was changed since you read it and is now at version %(version)s. Read it again.")
            % {"id": member_id, "version": version},
            member_id=member_id,
            version=version,
            changed_at=changed_at.isoformat(),
        )


class IdentityTaken(LaokeError):
    """The identity belongs to another member already."""

    code, status, title = "identity-taken", 409, "Identity belongs to another member"

    def __init__(self, kind: str, member_id: MemberId) -> None:
        super().__init__(
            _("This %(kind)s belongs to member %(id)s. Use that member, or merge the two.")
            % {"kind": kind, "id": member_id},
            kind=kind,
            field=kind,
            member_id=member_id,
        )


class IdentityMissing(LaokeError):
    """A member without any identity could never be found again."""

    code, status, title = "identity-missing", 422, "No identity given"

    def __init__(self) -> None:
        super().__init__(
            _("A member needs at least one identity: a card, a phone, an e-mail address or an external id."),
            field="identities",
        )


class LastIdentity(LaokeError):
    """The last identity cannot be taken away."""

    code, status, title = "last-identity", 409, "Last identity of the member"

    def __init__(self, member_id: MemberId) -> None:
        super().__init__(
            _("This is the only identity of member %(id)s. Add another one first.") % {"id": member_id},
            member_id=member_id,
        )


class BadIdentifier(LaokeError):
    """An identifier that names no kind, or several."""

    code, status, title = "bad-identifier", 422, "Identifier cannot be read"

    def __init__(self, known: str) -> None:
        super().__init__(
            _("An identifier takes exactly one of %(known)s, and beside an external id its issuer.")
            % {"known": known}
        )


class BadPhone(LaokeError):
    """Not a telephone number."""

    code, status, title = "bad-phone", 422, "Telephone number cannot be used"

    def __init__(self, length: int, country: str) -> None:
        super().__init__(
            _(
                "This is not a phone number. Check the digits; a number from abroad begins with + and its "
                "country code."
            ),
            field="phone",
            length=length,
            country=country,
        )


class BadCardNumber(LaokeError):
    """Not a card number."""

    code, status, title = "bad-card-number", 422, "Card number cannot be used"

    def __init__(self, length: int) -> None:
        super().__init__(
            _("A card number takes 4 to 40 printable characters; this one has %(length)s or holds others.")
            % {"length": length},
            field="card",
        )


class BadEmail(LaokeError):
    """Not an e-mail address."""

    code, status, title = "bad-email", 422, "E-mail address cannot be used"

    def __init__(self) -> None:
        super().__init__(
            _("This is no e-mail address. An example of one: name@example.com"),
            field="email",
        )


class BadExternalId(LaokeError):
    """Not an id of another system, or an issuer where none belongs."""

    code, status, title = "bad-external-id", 422, "External id cannot be used"

    def __init__(self, kind: str) -> None:
        super().__init__(
            _(
                "An external id takes 1 to 128 characters and an issuer at most 40, without control characters; "
                "cards, phones and e-mail addresses take no issuer."
            ),
            field=kind,
        )


class BadName(LaokeError):
    """A name too long to be one."""

    code, status, title = "bad-name", 422, "Name cannot be used"

    def __init__(self, longest: int) -> None:
        super().__init__(
            _("A name takes at most %(longest)s characters.") % {"longest": longest}, field="name"
        )


class BadMemberField(LaokeError):
    """A field that does not exist or a value it does not take."""

    code, status, title = "bad-member-field", 422, "Member field cannot be used"

    def __init__(self, field: str, mend: str) -> None:
        super().__init__(f"{field}: {mend}", field=field)


class BadTag(LaokeError):
    """Not a tag."""

    code, status, title = "bad-tag", 422, "Tag cannot be used"

    def __init__(self) -> None:
        super().__init__(_("A tag takes 1 to 40 printable characters."), field="tags")


class BadConsent(LaokeError):
    """A channel or purpose that does not exist."""

    code, status, title = "bad-consent", 422, "Consent cannot be recorded"

    def __init__(self, channels: str, purposes: str) -> None:
        super().__init__(
            _("A consent takes a channel (%(channels)s) and a purpose (%(purposes)s).")
            % {"channels": channels, "purposes": purposes},
            field="consents",
        )


class ReasonMissing(LaokeError):
    """Looks at personal data, merges and erasures need a reason for the audit trail."""

    code, status, title = "reason-missing", 422, "A reason is needed"

    def __init__(self) -> None:
        super().__init__(
            _(
                "Say why, in 2 to 300 characters. The reason goes into the audit trail; leave out personal data."
            ),
            field="reason",
        )


class MergeWithSelf(LaokeError):
    """A member cannot be merged into itself."""

    code, status, title = "merge-with-self", 422, "Two different members are needed"

    def __init__(self, member_id: MemberId) -> None:
        super().__init__(
            _("Both numbers name member %(id)s. Name the duplicate as well.") % {"id": member_id},
            member_id=member_id,
        )


class BlockedUnlike(LaokeError):
    """One of the two members is blocked, the other is not."""

    code, status, title = "blocked-unlike", 409, "Only one of the members is blocked"

    def __init__(self, blocked_id: MemberId) -> None:
        super().__init__(
            _("Member %(id)s is blocked and the other one is not. Block or unblock one of them first.")
            % {"id": blocked_id},
            member_id=blocked_id,
        )


class UnknownMerge(LaokeError):
    """No merge has this number."""

    code, status, title = "unknown-merge", 404, "No such merge"

    def __init__(self, merge_id: MergeId) -> None:
        super().__init__(_("There is no merge %(id)s.") % {"id": merge_id}, merge_id=merge_id)


class UndoTooLate(LaokeError):
    """The time in which a merge can be undone is over."""

    code, status, title = "undo-too-late", 409, "Merge can no longer be undone"

    def __init__(self, merge_id: MergeId, undo_until: datetime) -> None:
        super().__init__(
            _("Merge %(id)s could be undone until %(until)s. Register the other person anew instead.")
            % {"id": merge_id, "until": undo_until.isoformat(timespec="minutes")},
            merge_id=merge_id,
            undo_until=undo_until.isoformat(),
        )


class LaterMergeFirst(LaokeError):
    """A later merge of the same members stands on this one."""

    code, status, title = "later-merge-first", 409, "A later merge must be undone first"

    def __init__(self, merge_id: MergeId, later_id: MergeId) -> None:
        super().__init__(
            _("Merge %(later)s came after merge %(id)s and concerns the same members. Undo it first.")
            % {"id": merge_id, "later": later_id},
            merge_id=merge_id,
            later_merge_id=later_id,
        )


class UnknownHousehold(LaokeError):
    """Nobody lives in that household, or the member lives in none."""

    code, status, title = "unknown-household", 404, "No such household"

    def __init__(self, household_id: HouseholdId | None) -> None:
        super().__init__(
            _("The member lives in no household.")
            if household_id is None
            else _("Nobody lives in household %(id)s.") % {"id": household_id},
            household_id=household_id,
        )


class HouseholdTaken(LaokeError):
    """The member lives in another household; one lives in one at a time."""

    code, status, title = "household-taken", 409, "Member lives in another household"

    def __init__(self, member_id: MemberId, household_id: HouseholdId) -> None:
        super().__init__(
            _("Member %(id)s lives in household %(household)s. Let the member leave that one first.")
            % {"id": member_id, "household": household_id},
            member_id=member_id,
            household_id=household_id,
        )


class HouseholdFull(LaokeError):
    """No more people fit into a household."""

    code, status, title = "household-full", 409, "Household is full"

    def __init__(self, most: int) -> None:
        super().__init__(_("A household has at most %(most)s members.") % {"most": most}, most=most)


class HouseholdTooSmall(LaokeError):
    """A household is formed by two members at least."""

    code, status, title = "household-too-small", 422, "Two members are needed"

    def __init__(self) -> None:
        super().__init__(_("A household is formed by two different members at least."), field="member_ids")
