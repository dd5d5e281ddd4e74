"""What this module announces through the outbox. Payloads hold ids and words, never personal data.

Every payload has `member_id`, the member the message is filed under, besides what is listed here.
"""

from __future__ import annotations

# {home_store_id, channel_id}. Bulk registrations (imports, the demo) are history and announce nothing.
REGISTERED = "member.registered"
# {fields: [names of the fields that changed], version}
UPDATED = "member.updated"
# {kind}
IDENTITY_ADDED = "member.identity_added"
IDENTITY_REMOVED = "member.identity_removed"
# {tags: [...], source}
TAGGED = "member.tagged"
# {tags: [...]}
UNTAGGED = "member.untagged"
# {version}
BLOCKED = "member.blocked"
UNBLOCKED = "member.unblocked"
# {channel, purpose, granted, source}; only when the answer that holds changed
CONSENT_CHANGED = "member.consent_changed"
# {gone_id, merge_id}; member_id is the kept one
MERGED = "member.merged"
UNMERGED = "member.unmerged"
# {merged_ids: [rows merged into it earlier, erased with it]}
ERASED = "member.erased"

ALL = (
    REGISTERED,
    UPDATED,
    IDENTITY_ADDED,
    IDENTITY_REMOVED,
    TAGGED,
    UNTAGGED,
    BLOCKED,
    UNBLOCKED,
    CONSENT_CHANGED,
    MERGED,
    UNMERGED,
    ERASED,
)
