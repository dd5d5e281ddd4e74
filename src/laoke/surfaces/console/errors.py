"""Refusals of the console itself."""

from __future__ import annotations

from django.utils.translation import gettext as _

from laoke.kernel.errors import LaokeError


class SentAlready(LaokeError):
    """A form was sent, went back to with the browser, changed and sent again."""

    code, status, title = "sent-already", 409, "This form was sent before"

    def __init__(self) -> None:
        super().__init__(
            _(
                "What it asked for first was done. For another change, open the form again: go back and reload it."
            )
        )


class UnknownPlace(LaokeError):
    """A store or region that does not exist, or that the account is not limited to, was chosen to look at."""

    code, status, title = "unknown-place", 404, "No such store"

    def __init__(self) -> None:
        super().__init__(_("This store does not exist, or your account may not see it. Choose another one."))


class CodesNotKept(LaokeError):
    """Recovery codes were to be downloaded from a page that is too old, or of another account."""

    code, status, title = "codes-not-kept", 410, "These codes are not kept any more"

    def __init__(self) -> None:
        super().__init__(_("Codes are kept nowhere. Have new ones made and save them from that page."))
