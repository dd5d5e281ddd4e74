"""Words for what was done with a member, as the audit trail names it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from laoke.surfaces.console.labels import CHANNELS, IDENTITIES, PURPOSES, STATUSES
from laoke.surfaces.console.templatetags.figures import named, number, signed
from laoke.tiers.lasting import HOW

CONSENT = "member.consent"
# What was done, and its icon.
ACTS: dict[str, tuple[Any, str]] = {
    "member.registered": (_("Registered"), "user-plus"),
    "member.updated": (_("Profile edited"), "pencil"),
    "member.identity_added": (_("Identity added"), "fingerprint"),
    "member.identity_removed": (_("Identity removed"), "fingerprint"),
    "member.tagged": (_("Tagged"), "tag"),
    "member.untagged": (_("Tag removed"), "tag"),
    "member.tag_restored": (_("Tag put back"), "tag"),
    "bulk.tag": (_("Tagged"), "tag"),
    "bulk.untag": (_("Tag removed"), "tag"),
    "bulk.tag_undone": (_("Tagging taken back"), "tag"),
    "bulk.untag_undone": (_("Tag put back"), "tag"),
    "member.blocked": (_("Blocked"), "ban"),
    "member.unblocked": (_("Block lifted"), "circle-check"),
    "member.merged": (_("Another member merged in"), "git-merge"),
    "member.unmerged": (_("Merge undone"), "arrow-back-up"),
    "member.revealed": (_("Personal data revealed"), "eye"),
    "member.exported": (_("Data exported"), "download"),
    "member.erased": (_("Person erased"), "trash"),
    "member.tier_assigned": (_("Tier given that was not earned"), "award"),
    "member.tier_removed": (_("Given tier taken back"), "award"),
    "membership.started": (_("Paid membership begun"), "award"),
    "membership.renewed": (_("Paid membership renewed"), "award"),
    "membership.cancelled": (_("Paid membership cancelled"), "ban"),
    "membership.refunded": (_("Paid membership refunded"), "arrow-back-up"),
    "points.adjusted": (_("Points adjusted"), "coins"),
    CONSENT: (_("Consent recorded"), "shield-check"),
}
OTHER_ACT = (_("Changed"), "pencil")
FIELDS: dict[str, Any] = {
    "name": _("Name"),
    "birth_date": _("Birthday"),
    "gender": _("Gender"),
    "language": _("Language"),
    "home_store_id": _("Home store"),
    **IDENTITIES,
}


def act(action: str) -> tuple[Any, str]:
    """The words and the icon of an action."""
    return ACTS.get(action, OTHER_ACT)


def details(action: str, after: Mapping[str, Any] | None) -> str:
    """What the entry says beyond the act itself: which fields, which tag, how many points, and of which act on many
    members it was a part. Never personal data.
    """
    told = after or {}
    said = _of_one(action, told)
    if "bulk" not in told:
        return said
    among = ngettext(
        "bulk action %(id)s, %(n)s member", "bulk action %(id)s, %(n)s members", told["members"]
    ) % {"id": told["bulk"], "n": number(told["members"])}
    return f"{said} · {among}" if said else among


def _of_one(action: str, told: Mapping[str, Any]) -> str:
    if action == CONSENT:
        channel, purpose = CHANNELS.get(told["channel"]), PURPOSES.get(told["purpose"])
        answer = _t("agreed") if told["granted"] else _t("refused")
        return (
            f"{channel[0] if channel else told['channel']} · {purpose or told['purpose']}{_t(': ')}{answer}"
        )
    if action == "points.adjusted":
        return signed(int(told.get("points", 0)))
    if "fields" in told or "field" in told:
        names = told.get("fields") or [told["field"]]
        return _t(", ").join(str(FIELDS.get(name, name)) for name in names)
    if told.get("how"):
        how = named(HOW[told["how"]])
        return f"{how} · {told['until']}" if told.get("until") else how
    if "kind" in told:
        return str(IDENTITIES.get(told["kind"], told["kind"]))
    if "tags" in told:
        return _t(", ").join(told["tags"])
    if "gone_id" in told:
        return _t("No. %(id)s") % {"id": told["gone_id"]}
    if action.endswith("blocked") and "status" in told:
        return str(STATUSES.get(told["status"], ""))
    return ""
