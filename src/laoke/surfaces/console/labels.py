"""Words for what the database keeps as codes."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy as _in

# Class: its name, and in a few words who is in it.
CLASSES_RFM: dict[str, tuple[Any, Any]] = {
    "high_value": (_in("class of members", "High value"), _("bought recently, often and for much")),
    "potential": (_in("class of members", "Potential"), _("bought recently, not yet often or for much")),
    "new": (_in("class of members", "New"), _("joined or first bought within 30 days")),
    "dormant": (_in("class of members", "Dormant"), _("not for a long time, or never")),
}
CLASSES_VALUE: dict[str, tuple[Any, Any]] = {
    "core": (_in("class of members", "Core"), _("5,000 a year and 4 repurchases")),
    "potential": (_in("class of members", "Potential"), _("2,000 a year and 2 repurchases")),
    "basic": (_in("class of members", "Basic"), _("500 a year and 1 repurchase, or active")),
    "dormant": (_in("class of members", "Dormant"), _("less, and nothing for half a year")),
}

RULES: dict[str, Any] = {
    "registered-recently": _("registered within 30 days, nothing bought yet"),
    "never-bought": _("never bought"),
    "near-high-high": _("bought recently, often and for much"),
    "new-low-low": _("first purchase within 30 days"),
    "near-mid-mid": _("bought recently, medium number and amount"),
    "near-often-small": _("bought recently and often, small amounts"),
    "near-seldom-large": _("bought recently and seldom, large amounts"),
    "near-low-low": _("bought recently, seldom and for little"),
    "far-high-high": _("used to buy often and for much, not recently"),
    "far-low-low": _("seldom, for little, and not recently"),
    "far-between": _("not recently"),
    "core": _("reaches every threshold of the core"),
    "potential": _("reaches every threshold of the potential"),
    "basic": _("reaches every threshold of the basic"),
    "silent": _("nothing for half a year"),
    "active-small": _("below the basic thresholds, but bought within half a year"),
}

MEASURES: dict[str, Any] = {
    "recency_days": _("Days since the last purchase"),
    "frequency": _("Purchases in a year"),
    "monetary_minor": _("Spend in a year"),
    "orders_total": _("Purchases ever"),
    "r_score": _("Recency score"),
    "f_score": _("Frequency score"),
    "m_score": _("Amount score"),
    "annual_minor": _("Spend in a year"),
    "annual_repurchases": _("Repurchases in a year"),
    "interactions": _("Interactions"),
    "days_since_first": _("Days since the first purchase"),
    "days_since_registration": _("Days since registration"),
}

IDENTITIES: dict[str, Any] = {
    "card": _("Card"),
    "phone": _("Phone"),
    "email": _("E-mail"),
    "wechat_openid": _("WeChat OpenID"),
    "wechat_unionid": _("WeChat UnionID"),
    "shop_account": _("Shop account"),
}
CHANNELS: dict[str, tuple[Any, str]] = {
    "sms": (_("Text message"), "device-mobile-message"),
    "email": (_("E-mail"), "mail"),
    "wechat": (_("WeChat"), "brand-wechat"),
    "app": (_("App notice"), "bell"),
    "phone": (_("Phone call"), "phone"),
    "post": (_("Letter"), "message-2"),
}
PURPOSES: dict[str, Any] = {
    "service": _("Service"),
    "marketing": _("Marketing"),
    "profiling": _("Profiling"),
}
GENDERS: dict[str, Any] = {"m": _("Male"), "f": _("Female")}
STATUSES: dict[str, Any] = {
    "active": _("Active"),
    "blocked": _("Blocked"),
    "merged": _("Merged"),
    "erased": _("Erased"),
}
DELIVERIES: dict[str, Any] = {
    "placed": _("Placed"),
    "packed": _("Packed"),
    "shipped": _("Shipped"),
    "delivered": _("Delivered"),
    "done": _("Picked up"),
}

# Units as products have them, in either language, and what an English page says of several. Others stay as they are.
UNITS: tuple[tuple[str, str, str], ...] = (
    ("件", "piece", "pieces"),
    ("个", "item", "items"),
    ("盒", "box", "boxes"),
    ("箱", "case", "cases"),
    ("瓶", "bottle", "bottles"),
    ("罐", "can", "cans"),
    ("袋", "bag", "bags"),
    ("包", "pack", "packs"),
    ("卷", "roll", "rolls"),
    ("抽", "sheet", "sheets"),
    ("枚", "egg", "eggs"),
    ("支", "stick", "sticks"),
    ("双", "pair", "pairs"),
    ("套", "set", "sets"),
)

# What the timeline says of a movement or a move, and the sign of its dot.
HAPPENINGS: dict[str, tuple[Any, str]] = {
    "accrual": (_("Earned with a purchase"), "earn"),
    "accrual:beside": (_("Earned beside purchases"), "earn"),
    "clawback:beside": (_("Taken back what an event earned"), "gone"),
    "redemption": (_("Points spent"), "spend"),
    "expiry": (_("Expired"), "gone"),
    "clawback": (_("Taken back with a return"), "gone"),
    "restoration": (_("Given back with a return"), "earn"),
    "repayment": (_("Debt repaid from new points"), "gone"),
    "adjustment": (_("Adjusted by hand"), "hand"),
    "merge": (_("Moved by a merge of members"), "hand"),
    "redemption:sink": (_("Points spent"), "spend"),
    "restoration:sink": (_("Points spent came back"), "earn"),
    "transfer:out": (_("Given to another member"), "spend"),
    "transfer:in": (_("Received from another member"), "earn"),
    "tier:enrolled": (_("Joined"), "move"),
    "tier:threshold_reached": (_("Reached a tier"), "move"),
    "tier:review_upgraded": (_("Moved up at the review"), "move"),
    "tier:review_downgraded": (_("Moved down at the review"), "move"),
    "tier:merged": (_("Tier after a merge of members"), "move"),
    "tier:merge_undone": (_("Tier after a merge was undone"), "move"),
    "tier:return_downgraded": (_("Moved down: what reached the tier was returned"), "move"),
    "tier:undone_downgraded": (_("Moved down: what reached the tier was undone"), "move"),
    "tier:immediate_downgrade": (_("Moved down: the criteria hold no longer"), "move"),
    "tier:period_downgraded": (_("Moved down: not kept at the end of its period"), "move"),
    "tier:inactivity_downgraded": (_("Moved down: no purchase for too long"), "move"),
    "tier:manual_assigned": (_("Tier set by hand"), "hand"),
    "tier:manual_expired": (_("Tier set by hand ended"), "move"),
    "tier:manual_removed": (_("Tier set by hand taken back"), "hand"),
    "tier:trial_assigned": (_("Tier on trial"), "hand"),
    "tier:trial_expired": (_("Trial of a tier ended"), "move"),
    "tier:trial_removed": (_("Trial of a tier taken back"), "hand"),
    "tier:invitation_assigned": (_("Invited to a tier"), "hand"),
    "tier:invitation_expired": (_("Invitation to a tier ended"), "move"),
    "tier:invitation_removed": (_("Invitation to a tier taken back"), "hand"),
    "tier:bought_assigned": (_("Tier bought with points"), "spend"),
    "tier:bought_expired": (_("Tier bought with points ended"), "move"),
    "tier:bought_removed": (_("Tier bought with points given back"), "hand"),
    "tier:paid_assigned": (_("Tier of a paid membership"), "move"),
    "tier:paid_expired": (_("Paid membership ended"), "move"),
    "tier:paid_removed": (_("Paid membership given up"), "hand"),
}
OTHER_MOVE = (_("Tier changed"), "move")

# Where a lot of points came from.
ORIGINS: dict[str, Any] = {
    "order": _("Purchase"),
    "adjustment": _("Adjustment"),
    "merge": _("Merged member"),
    "restore": _("Came back"),
    "transfer": _("Another member"),
    "activity": _("Beside purchases"),
}
# Common means of payment; others are shown as the till names them.
TENDERS: dict[str, Any] = {
    "cash": _("Cash"),
    "card": _("Bank card"),
    "bank_card": _("Bank card"),
    "wechat_pay": _("WeChat Pay"),
    "alipay": _("Alipay"),
    "quick_pass": _("UnionPay QuickPass"),
    "gift_card": _("Gift card"),
    "stored_value": _("Stored value"),
}
# How somebody at the desk came to know of an answer.
SAID: dict[str, Any] = {
    "counter": _("Said at the counter"),
    "call": _("Said on the phone"),
    "form": _("Signed on paper"),
    "message": _("Written in a message"),
}
# Where a tag or an answer came from; other sources are shown as they were sent.
CAME_FROM: dict[str, Any] = {
    **SAID,
    "pos": _("Till"),
    "self": _("Self-checkout"),
    "mini": _("Mini-program"),
    "mini_program": _("Mini-program"),
    "app": _("App"),
    "import": _("Import"),
    "registration": _("Registration"),
    "staff": _("Staff"),
    "merge": _("Merged member"),
    "unmerge": _("Merge undone"),
}
