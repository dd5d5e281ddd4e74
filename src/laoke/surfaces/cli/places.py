"""Stores and regions by their codes, which people know, and their ids, which the books hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from laoke.kernel.errors import LaokeError


class UnknownPlace(LaokeError):
    """A store or region was named that is not there."""

    code, status, title = "unknown-place", 422, "There is no such store or region"

    def __init__(self, kind: str, code: str, known: Sequence[str]) -> None:
        shown = ", ".join(sorted(known)[:20]) or "none yet"
        super().__init__(f"{kind} {code}. Known are {shown}{' …' if len(known) > 20 else ''}.")


def store_ids(codes: Sequence[str]) -> list[int]:
    """The ids of active stores.

    Raises:
        UnknownPlace
    """
    return _ids("Store", codes, store_ids_by_code()) if codes else []


def region_ids(codes: Sequence[str]) -> list[int]:
    """The ids of regions.

    Raises:
        UnknownPlace
    """
    from laoke.purchases import regions

    return _ids("Region", codes, regions.ids_by_code()) if codes else []


def store_ids_by_code() -> dict[str, int]:
    """Every active store's id."""
    from laoke.purchases import selectors

    return {code: facts.id for code, facts in selectors.stores_by_code().items()}


def codes(ids: Sequence[int], by_code: Mapping[str, int]) -> list[str]:
    """Codes for ids; a store that was closed since is shown by its id."""
    known = {number: code for code, number in by_code.items()}
    return [known.get(number, f"#{number}") for number in ids]


def _ids(kind: str, codes: Sequence[str], by_code: Mapping[str, int]) -> list[int]:
    for code in codes:
        if code not in by_code:
            raise UnknownPlace(kind, code, list(by_code))
    return [by_code[code] for code in codes]
