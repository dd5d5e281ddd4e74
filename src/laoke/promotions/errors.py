"""Every refusal of the life of offers. Documents that cannot be used are `documents.offers.Fault`."""

from __future__ import annotations

from django.utils.translation import gettext as _

from laoke.kernel.errors import LaokeError


class UnknownOffer(LaokeError):
    """No offer was ever published under this key."""

    code, status, title = "unknown-offer", 404, "No such offer"

    def __init__(self, key: str) -> None:
        super().__init__(_("No offer was ever published under %(key)s.") % {"key": key[:64]}, offer=key[:64])


class OfferOver(LaokeError):
    """The offer has ended: it can neither pause nor go on."""

    code, status, title = "offer-over", 409, "The offer has ended"

    def __init__(self, key: str) -> None:
        super().__init__(
            _("%(key)s has ended. Write a new draft of it to announce it again.") % {"key": key}, offer=key
        )


class UnknownDraft(LaokeError):
    """Nobody is writing this offer at the moment."""

    code, status, title = "unknown-draft", 404, "No such draft"

    def __init__(self, key: str) -> None:
        super().__init__(_("There is no draft of %(key)s.") % {"key": key[:64]}, offer=key[:64])


class DraftExists(LaokeError):
    """Somebody is writing an offer with this key already; there is one draft of an offer at a time."""

    code, status, title = "draft-exists", 409, "There is a draft already"

    def __init__(self, key: str, by: str) -> None:
        super().__init__(
            _("There is a draft of %(key)s already, begun by %(by)s. Go on with that one.")
            % {"key": key, "by": by},
            offer=key,
        )


class DraftChanged(LaokeError):
    """Somebody changed the draft since the caller read it; nothing was overwritten."""

    code, status, title = "draft-changed", 409, "The draft was changed meanwhile"

    def __init__(self, key: str, revision: int, by: str) -> None:
        super().__init__(
            _(
                "The draft of %(key)s was changed by %(by)s and is now at revision %(revision)s. Read it again."
            )
            % {"key": key, "by": by, "revision": revision},
            offer=key,
            revision=revision,
        )


class WrongDraftStep(LaokeError):
    """The draft cannot take this step where it stands."""

    code, status, title = "draft-step", 409, "The draft cannot take this step"

    def __init__(self, key: str, state: str, detail: str) -> None:
        super().__init__(detail, offer=key, state=state)


class DraftOutdated(LaokeError):
    """The offer was published or ended by another way since the draft was begun from it."""

    code, status, title = "draft-outdated", 409, "The offer was published meanwhile"

    def __init__(self, key: str, version: int) -> None:
        super().__init__(
            _(
                "%(key)s was published in version %(version)s since this draft was begun. Look at the differences, "
                "then take that version as the base."
            )
            % {"key": key, "version": version},
            offer=key,
            version=version,
        )


class FourEyes(LaokeError):
    """An offer without a budget, or with one above the limit, is approved by somebody who did not write it."""

    code, status, title = "four-eyes", 403, "Somebody else has to approve"

    def __init__(self, key: str) -> None:
        super().__init__(
            _(
                "You wrote on %(key)s, and it may cost more than one person may decide. Somebody else approves it."
            )
            % {"key": key},
            offer=key,
        )
