"""Everything that can be asked about members. Only `reveal` shows personal data in clear, and it leaves a trace."""

from laoke.members.sealing import identity_key
from laoke.members.selectors.consents import consents, has_consent
from laoke.members.selectors.households import household, live_together, sharing
from laoke.members.selectors.lookup import find, find_many, kept_id, owners_of, registered_at, resolve
from laoke.members.selectors.profiles import masked_names, profile
from laoke.members.selectors.reveal import REVEALABLE, reveal, reveal_fields
from laoke.members.selectors.search import search

__all__ = [
    "REVEALABLE",
    "consents",
    "find",
    "find_many",
    "has_consent",
    "household",
    "identity_key",
    "kept_id",
    "live_together",
    "masked_names",
    "owners_of",
    "profile",
    "registered_at",
    "resolve",
    "reveal",
    "reveal_fields",
    "search",
    "sharing",
]
