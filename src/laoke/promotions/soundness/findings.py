"""What an examination of a programme finds."""

from __future__ import annotations

from dataclasses import dataclass, field

from laoke.promotions.documents.offers import Place


@dataclass(slots=True)
class Findings:
    """Faults, for which a programme is refused, and warnings, which a person should read; each with its place."""

    faults: list[tuple[Place, str]] = field(default_factory=list)
    warnings: list[tuple[Place, str]] = field(default_factory=list)

    def fault(self, place: Place, says: str) -> None:
        """The programme cannot be used with this."""
        self.faults.append((place, says))

    def warning(self, place: Place, says: str) -> None:
        """Somebody should look at this."""
        self.warnings.append((place, says))
