"""Refusals around proposed changes of the programme."""

from __future__ import annotations

from django.utils.translation import gettext as _

from laoke.kernel.errors import LaokeError


class ProposalWaiting(LaokeError):
    """One change of a section waits or is being made at a time."""

    code, status, title = "proposal-waiting", 409, "Another change waits"

    def __init__(self) -> None:
        super().__init__(_("Another change of these rules waits for a decision, or is being made."))


class UnknownProposal(LaokeError):
    """There is no such proposal, or it is not the caller's to take back."""

    code, status, title = "unknown-proposal", 404, "Unknown proposal"

    def __init__(self) -> None:
        super().__init__(_("There is no such proposal."))


class ProposalDecided(LaokeError):
    """A proposal is decided once."""

    code, status, title = "proposal-decided", 409, "The proposal is decided"

    def __init__(self) -> None:
        super().__init__(_("Somebody decided on this proposal already."))


class OwnProposal(LaokeError):
    """Who proposes a change does not let it pass."""

    code, status, title = "own-proposal", 403, "Your own proposal"

    def __init__(self) -> None:
        super().__init__(_("Somebody else has to decide on what you propose."))


class ProposalChanged(LaokeError):
    """What was proposed is not what the preview shows."""

    code, status, title = "proposal-changed", 409, "Not what was proposed"

    def __init__(self) -> None:
        super().__init__(_("The preview is not the one that was proposed. Propose it anew."))


class NothingProposed(LaokeError):
    """A proposal changes something."""

    code, status, title = "nothing-proposed", 422, "Nothing is changed"

    def __init__(self) -> None:
        super().__init__(_("The previewed rules are those in force, or were applied already."))


class NoDraft(LaokeError):
    """There is nothing to look at or to propose."""

    code, status, title = "no-ladder-draft", 404, "No draft"

    def __init__(self) -> None:
        super().__init__(_("There is no draft. Somebody has discarded it, or it holds by now."))


class DraftChanged(LaokeError):
    """Somebody saved the draft meanwhile."""

    code, status, title = "ladder-draft-changed", 409, "The draft was changed"

    def __init__(self) -> None:
        super().__init__(
            _("Somebody has changed the draft since you opened it. Open it again; nothing was saved.")
        )


class NotTried(LaokeError):
    """Nobody has seen yet what the draft comes to as it stands."""

    code, status, title = "ladder-not-tried", 409, "The draft was not tried"

    def __init__(self) -> None:
        super().__init__(_("Try the draft first: what it comes to is part of what is proposed."))
