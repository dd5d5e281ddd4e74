"""Refusals around points."""

from __future__ import annotations

from django.utils.translation import gettext as _

from laoke.kernel.errors import LaokeError


class BadAdjustment(LaokeError):
    """An adjustment gives or takes points; it cannot be of none, nor of more than anybody has."""

    code, status, title = "bad-adjustment", 422, "The adjustment cannot be made"

    def __init__(self, largest: int) -> None:
        super().__init__(
            _("An adjustment gives 1 to %(largest)s points, or takes as many (a negative number).")
            % {"largest": largest},
            field="points",
        )


class BadPoints(LaokeError):
    """Points that are spent, set aside or given to others are some, and not more than anybody has."""

    code, status, title = "bad-points", 422, "So many points cannot be moved"

    def __init__(self, largest: int) -> None:
        super().__init__(_("Points to be moved are 1 to %(largest)s.") % {"largest": largest}, field="points")


class BadReference(LaokeError):
    """The name of what points go for cannot be used."""

    code, status, title = "bad-spending-reference", 422, "The reference cannot be used"

    def __init__(self, longest: int) -> None:
        super().__init__(
            _("A reference takes 1 to %(longest)s printable characters.") % {"longest": longest},
            field="reference",
        )


class BadParty(LaokeError):
    """Points go to a charity or a partner, by its code."""

    code, status, title = "bad-party", 422, "The party cannot be used"

    def __init__(self, kinds: str) -> None:
        super().__init__(
            _(
                "A party is a kind and a code of at most 60 characters, as in charity:forest. Kinds: %(kinds)s."
            )
            % {"kinds": kinds},
            field="party",
        )


class AccountSuspended(LaokeError):
    """The member is blocked: no points are spent, set aside or given away."""

    code, status, title = "account-suspended", 409, "The member takes no part"

    def __init__(self, status: str) -> None:
        super().__init__(
            _("The member is blocked. No points can be used until the block is lifted."), member_status=status
        )


class PointsOwed(LaokeError):
    """The member owes points: the next ones repay them, none can be spent before."""

    code, status, title = "points-owed", 409, "The member owes points"

    def __init__(self, debt: int) -> None:
        super().__init__(
            _("The member owes %(debt)s points. The next points repay them; none can be used before.")
            % {"debt": debt},
            debt=debt,
        )


class SpendingTaken(LaokeError):
    """The reference stands for another spending: of another member, of other points, or for somebody else."""

    code, status, title = "spending-taken", 409, "The reference is taken"

    def __init__(self, sink: str, reference: str) -> None:
        super().__init__(
            _("Points were spent under this reference before, but not like this."),
            sink=str(sink),
            reference=reference,
        )


class UnknownSpending(LaokeError):
    """No points were spent under this reference."""

    code, status, title = "unknown-spending", 404, "No such spending"

    def __init__(self, sink: str, reference: str) -> None:
        super().__init__(_("No points were spent under this reference."), sink=str(sink), reference=reference)


class BadHold(LaokeError):
    """Points are set aside for some minutes, and not for ever."""

    code, status, title = "bad-hold", 422, "Points cannot be set aside for so long"

    def __init__(self, longest: int) -> None:
        super().__init__(
            _("Points are set aside for 1 to %(longest)s minutes.") % {"longest": longest}, field="minutes"
        )


class UnknownHold(LaokeError):
    """No points are set aside under this number, or not those of this member."""

    code, status, title = "unknown-hold", 404, "No such hold"

    def __init__(self) -> None:
        super().__init__(_("No points of this member are set aside under this number."))


class HoldEnded(LaokeError):
    """The points were spent or let go before, or the time is over for which they were set aside."""

    code, status, title = "hold-ended", 409, "The points are no longer set aside"

    def __init__(self, state: str) -> None:
        super().__init__(_("These points are no longer set aside."), state=str(state))


class TransfersOff(LaokeError):
    """The programme does not let members give points to each other."""

    code, status, title = "transfers-off", 409, "Members cannot give points to each other"

    def __init__(self) -> None:
        super().__init__(_("The programme does not let members give points to each other."))


class TransferToSelf(LaokeError):
    """Points go from one member to another; these are one, or have become one by a merge."""

    code, status, title = "transfer-to-self", 422, "Two different members are needed"

    def __init__(self) -> None:
        super().__init__(_("Nobody gives points to themselves: both are the same member."))


class TransferLimit(LaokeError):
    """More points than the programme lets a member give away on a day."""

    code, status, title = "transfer-limit", 409, "Too many points for one day"

    def __init__(self, per_day: int, left: int) -> None:
        super().__init__(
            _("A member can give away %(per_day)s points a day; %(left)s are left today.")
            % {"per_day": per_day, "left": left},
            per_day=per_day,
            left=left,
        )


class UnknownTransfer(LaokeError):
    """No transfer has this number."""

    code, status, title = "unknown-transfer", 404, "No such transfer"

    def __init__(self) -> None:
        super().__init__(_("There is no transfer with this number."))


class TransferUndone(LaokeError):
    """The transfer was undone before."""

    code, status, title = "transfer-undone", 409, "Already undone"

    def __init__(self) -> None:
        super().__init__(_("This transfer was undone before."))
