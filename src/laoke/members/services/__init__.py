"""Everything that changes a member. One call each; every call is one transaction and leaves nothing when refused."""

from laoke.members.services.blocking import block, unblock
from laoke.members.services.consents import record_consent
from laoke.members.services.erasing import erase_person
from laoke.members.services.exporting import export_person, require_export
from laoke.members.services.households import form_household, join_household, leave_household, share_points
from laoke.members.services.identities import add_identity, remove_identity
from laoke.members.services.many import (
    Changed,
    TagThatWas,
    block_many,
    retag_many,
    tag_many,
    unblock_many,
    untag_many,
)
from laoke.members.services.merging import UNDO_DAYS, merge, require_alike
from laoke.members.services.profiles import complete, update
from laoke.members.services.registration import check, register, register_many
from laoke.members.services.rotation import reseal, rows_to_reseal
from laoke.members.services.tags import tag, untag
from laoke.members.services.unmerging import ComesBack, comes_back, unmerge

__all__ = [
    "UNDO_DAYS",
    "Changed",
    "ComesBack",
    "TagThatWas",
    "add_identity",
    "block",
    "block_many",
    "check",
    "comes_back",
    "complete",
    "erase_person",
    "export_person",
    "form_household",
    "join_household",
    "leave_household",
    "merge",
    "record_consent",
    "register",
    "register_many",
    "remove_identity",
    "require_alike",
    "require_export",
    "reseal",
    "retag_many",
    "rows_to_reseal",
    "share_points",
    "tag",
    "tag_many",
    "unblock",
    "unblock_many",
    "unmerge",
    "untag",
    "untag_many",
    "update",
]
