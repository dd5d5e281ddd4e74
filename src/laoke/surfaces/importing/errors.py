"""What can be wrong with an import as a whole. What is wrong with single rows goes to the report instead."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext as _

from laoke.kernel.errors import LaokeError


class BadMapping(LaokeError):
    """The mapping file cannot be used; nothing was read or changed."""

    code, status, title = "bad-mapping", 422, "The mapping cannot be used"

    def __init__(self, place: str, mend: str) -> None:
        super().__init__(f"{place}: {mend}" if place else mend, place=place)
        self.mend = mend  # without the place, for forms where it stands at its field


class UnknownColumn(BadMapping):
    """The mapping names a column that a file does not have."""

    code, title = "unknown-column", "The file has no such column"

    def __init__(self, place: str, column: str, path: Path, existing: Iterable[str]) -> None:
        have = ", ".join(repr(name[:60]) for name in list(existing)[:60])
        super().__init__(
            place,
            _("%(file)s has no column %(column)r. Its columns are %(have)s")
            % {"file": path.name, "column": column[:60], "have": have},
        )


class BadSource(LaokeError):
    """A file cannot be read as what it says it is; nothing was changed."""

    code, status, title = "bad-source", 422, "The file cannot be read"

    def __init__(self, path: Path, mend: str, **values: Any) -> None:
        super().__init__(f"{path.name}: {gettext(mend).format(**values)}", file=path.name)
        # The text as catalogues know it and what fills it: whoever catches the refusal can say it again, in another
        # language or of the file by the name a person gave it.
        self.mend = mend
        self.values = values


class WrongCurrency(LaokeError):
    """The file's money is not the programme's."""

    code, status, title = "wrong-currency", 422, "The currencies differ"

    def __init__(self, mapped: str, counted: str) -> None:
        super().__init__(
            _(
                "The mapping says the amounts are %(mapped)s, the programme counts in %(counted)s. Start Laoke with "
                "LAOKE_CURRENCY=%(mapped)s before the first order goes in, or correct the mapping"
            )
            % {"mapped": mapped, "counted": counted}
        )


class ImportRunning(LaokeError):
    """Another import is writing."""

    code, status, title = "import-running", 409, "Another import is running"

    def __init__(self) -> None:
        super().__init__(
            _("Two imports at once would judge tiers by half of the orders. Wait for the other to end")
        )
