"""Every kind of benefit by its word in documents."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from laoke.benefits.strategies.access import Access
from laoke.benefits.strategies.base import Strategy
from laoke.benefits.strategies.coupon import Coupons
from laoke.benefits.strategies.experience import Experience
from laoke.benefits.strategies.gift import Gift
from laoke.benefits.strategies.partner_code import PartnerCodes
from laoke.benefits.strategies.points import Points
from laoke.benefits.strategies.service import Service


class Kind(StrEnum):
    """What a benefit is."""

    COUPON = "coupon"
    POINTS = "points"
    GIFT = "gift"
    SERVICE = "service"
    EXPERIENCE = "experience"
    ACCESS = "access"
    PARTNER_CODE = "partner_code"


STRATEGIES: Mapping[Kind, Strategy] = MappingProxyType(
    {
        Kind.COUPON: Coupons(),
        Kind.POINTS: Points(),
        Kind.GIFT: Gift(),
        Kind.SERVICE: Service(),
        Kind.EXPERIENCE: Experience(),
        Kind.ACCESS: Access(),
        Kind.PARTNER_CODE: PartnerCodes(),
    }
)
