"""What this module announces through the outbox. Payloads hold ids and words, never personal data."""

from __future__ import annotations

from laoke.foundation.outbox.topics import declare

_MEMBER = "the member"

REGISTERED = declare(
    "member.registered",
    "A member registered. Imports announce nothing.",
    member_id=_MEMBER,
    home_store_id="number of the home store, or null",
    channel_id="number of the channel of registration, or null",
)
UPDATED = declare(
    "member.updated",
    "Fields of a member changed.",
    member_id=_MEMBER,
    fields="names of the fields that changed",
    version="the member's version now",
)
IDENTITY_ADDED = declare(
    "member.identity_added",
    "A member got one more card, phone or external id.",
    member_id=_MEMBER,
    kind="card, phone, email, wechat_openid, wechat_unionid or shop_account",
)
IDENTITY_REMOVED = declare(
    "member.identity_removed",
    "A card, phone or external id was taken from a member.",
    member_id=_MEMBER,
    kind="card, phone, email, wechat_openid, wechat_unionid or shop_account",
)
TAGGED = declare(
    "member.tagged",
    "Words were put on a member.",
    member_id=_MEMBER,
    tags="the words that are new",
    source="who put them there",
)
UNTAGGED = declare(
    "member.untagged",
    "Words were taken off a member.",
    member_id=_MEMBER,
    tags="the words that went",
)
BLOCKED = declare(
    "member.blocked",
    "A member was blocked.",
    member_id=_MEMBER,
    version="the member's version now",
)
UNBLOCKED = declare(
    "member.unblocked",
    "A member's block was lifted.",
    member_id=_MEMBER,
    version="the member's version now",
)
CONSENT_CHANGED = declare(
    "member.consent_changed",
    "The answer that holds for one channel and purpose is another one now.",
    member_id=_MEMBER,
    channel="sms, email, wechat, app, phone or post",
    purpose="service, marketing or profiling",
    granted="whether the member agrees",
    source="where it was said",
)
MERGED = declare(
    "member.merged",
    "Two members were merged; member_id is the kept one.",
    member_id=_MEMBER,
    gone_id="the member that was merged into it",
    merge_id="the merge, which can be undone for 30 days",
)
UNMERGED = declare(
    "member.unmerged",
    "A merge was undone; member_id is the one that had been kept.",
    member_id=_MEMBER,
    gone_id="the member that is a member of its own again",
    merge_id="the merge",
)
ERASED = declare(
    "member.erased",
    "A person was erased at their request: forget what you keep of them.",
    member_id=_MEMBER,
    merged_ids="members merged into it earlier, erased with it",
)
HOUSEHOLD_JOINED = declare(
    "member.household_joined",
    "A member lives in a household now. Merges announce themselves, not this.",
    member_id=_MEMBER,
    household_id="the household",
)
HOUSEHOLD_LEFT = declare(
    "member.household_left",
    "A member left the household.",
    member_id=_MEMBER,
    household_id="the household that was left",
)

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
    HOUSEHOLD_JOINED,
    HOUSEHOLD_LEFT,
)
