"""What a report shows of a cell: the cell itself, or a mask where it is personal."""

from __future__ import annotations

import re

from laoke.members.normal.masking import mask_code, mask_email, mask_name, mask_phone
from laoke.surfaces.importing.fields import FIELDS
from laoke.surfaces.importing.mapping import ImportMapping

_LETTER = re.compile(r"\w")
_LONGEST_WORD = 4


def mask(mapping: ImportMapping, field: str, value: str) -> str:
    """Enough of a personal cell to find the mistake, too little to learn who it is; other cells as they are."""
    each = next((each for each in FIELDS[mapping.kind] if each.name == field), None)
    if not value or each is None or not each.personal:
        return value
    kind = mapping.member_kind if field == "member" else field
    if kind == "phone":
        return mask_phone(value)
    if kind == "name":
        return mask_name(value)
    if kind == "email" and value.partition("@")[0] and "@" in value:
        return mask_email(value)
    if kind == "birth_date":
        return _LETTER.sub("*", value)  # how it is written is what is wrong with it
    if kind == "gender" and len(value) <= _LONGEST_WORD:
        return value
    return mask_code(value)
