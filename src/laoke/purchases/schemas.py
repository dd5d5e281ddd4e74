"""What the endpoints of stores, products and orders take and give."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated, Any

from pydantic import BaseModel, Field

from laoke.foundation.web.fields import Code, Day, In, Minor, Text, example
from laoke.kernel.quantity import format_milli
from laoke.purchases.history import OrderRecord
from laoke.purchases.models import Order
from laoke.purchases.services import CategoryInput, ProductInput, StoreInput
from laoke.purchases.types import ChannelFacts

MOST_AT_ONCE = 1000

ShortCode = Annotated[Code, Field(max_length=40)]
LongCode = Annotated[Code, Field(max_length=60)]
ShortName = Annotated[Text, Field(max_length=100)]
Name = Annotated[ShortName, Field(min_length=1)]

_STORE = {
    "name": "禾邻生活上海徐汇田林店",
    "name_en": "Helin Living Shanghai Tianlin",
    "region": "east",
    "city": "上海",
    "active": True,
    "opened_date": "2021-06-18",
}
_CHANNEL = {"name": "门店收银台", "name_en": "Till"}
_CATEGORY = {"name": "菌菇豆制品", "name_en": "Mushrooms and tofu", "parent": "01"}
_PRODUCT = {
    "name": "禾邻优选嫩豆腐 400g",
    "name_en": "Helin Select soft tofu, 400 g",
    "price_minor": 340,
    "category": "0103",
    "brand": "禾邻优选",
    "barcode": "2000001030011",
    "cost_minor": 243,
    "unit": "piece",
    "pack_size": "400g",
    "earns_points": True,
    "active": True,
    "tags": [],
}


class StoreFields(In):
    """A store without its code. A region that is not known yet is added under its code."""

    model_config = example(**_STORE)

    name: Name
    name_en: ShortName = ""
    region: ShortCode | None = None
    city: Annotated[Text, Field(max_length=60)] = ""
    active: Annotated[bool, Field(strict=True)] = True
    opened_date: Day | None = None

    def store(self, code: str) -> StoreInput:
        """As the services take it."""
        return StoreInput(
            code, self.name, self.region, self.city, self.name_en, self.active, self.opened_date
        )


class StoreIn(StoreFields):
    """A store."""

    model_config = example(code="S001", **_STORE)

    code: ShortCode


class StoresIn(In):
    """Stores to be added or changed, all or none."""

    stores: Annotated[list[StoreIn], Field(min_length=1, max_length=MOST_AT_ONCE)]


class StoreOut(BaseModel):
    """A store."""

    model_config = example(code="S001", **_STORE)

    code: str
    name: str
    name_en: str
    region: str | None
    city: str
    active: bool
    opened_date: date | None

    @classmethod
    def of(cls, store: StoreInput) -> StoreOut:
        """From the module's own type."""
        return cls(
            code=store.code,
            name=store.name,
            name_en=store.name_en,
            region=store.region,
            city=store.city,
            active=store.active,
            opened_date=store.opened_date,
        )


class _Page(BaseModel):
    """`after` opens the next page; null on the last one."""

    after: str | None = Field(examples=["WyJTMDAxIl0"])


class StoresOut(_Page):
    """A page of stores by code."""

    stores: list[StoreOut]


class ChannelFields(In):
    """A channel without its code."""

    model_config = example(**_CHANNEL)

    name: Name
    name_en: ShortName = ""


class ChannelIn(ChannelFields):
    """A channel."""

    model_config = example(code="pos", **_CHANNEL)

    code: ShortCode


class ChannelsIn(In):
    """Channels to be added or changed, all or none."""

    channels: Annotated[list[ChannelIn], Field(min_length=1, max_length=MOST_AT_ONCE)]


class ChannelOut(BaseModel):
    """A way of selling."""

    model_config = example(code="pos", **_CHANNEL)

    code: str
    name: str
    name_en: str

    @classmethod
    def of(cls, channel: ChannelFacts) -> ChannelOut:
        """From the module's own type."""
        return cls(code=channel.code, name=channel.name, name_en=channel.name_en)


class ChannelsOut(_Page):
    """A page of channels by code."""

    channels: list[ChannelOut]


class CategoryFields(In):
    """A category without its code. `parent` is the code of the one above, which must be known."""

    model_config = example(**_CATEGORY)

    name: Name
    name_en: ShortName = ""
    parent: LongCode | None = None

    def category(self, code: str) -> CategoryInput:
        """As the services take it."""
        return CategoryInput(code, self.name, self.name_en, self.parent)


class CategoryIn(CategoryFields):
    """A category. Parents may come in the same request, in any order."""

    model_config = example(code="0103", **_CATEGORY)

    code: LongCode


class CategoriesIn(In):
    """Categories to be added or changed, all or none."""

    categories: Annotated[list[CategoryIn], Field(min_length=1, max_length=MOST_AT_ONCE)]


class CategoryOut(BaseModel):
    """A node of the assortment tree."""

    model_config = example(code="0103", **_CATEGORY)

    code: str
    name: str
    name_en: str
    parent: str | None

    @classmethod
    def of(cls, category: CategoryInput) -> CategoryOut:
        """From the module's own type."""
        return cls(code=category.code, name=category.name, name_en=category.name_en, parent=category.parent)


class CategoriesOut(_Page):
    """A page of categories by code."""

    categories: list[CategoryOut]


class ProductFields(In):
    """A product without its SKU. A category that is not known yet is added under its code."""

    model_config = example(**_PRODUCT)

    name: Annotated[Text, Field(min_length=1)]
    name_en: Text = ""
    price_minor: Minor
    category: LongCode | None = None
    brand: ShortName = ""
    barcode: Annotated[Text, Field(max_length=20)] = ""
    cost_minor: Minor | None = None
    unit: Annotated[Text, Field(max_length=20)] = ""
    pack_size: Annotated[Text, Field(max_length=40)] = ""
    earns_points: Annotated[bool, Field(strict=True)] = True
    active: Annotated[bool, Field(strict=True)] = True
    tags: Annotated[list[Annotated[Text, Field(min_length=1, max_length=40)]], Field(max_length=50)] = []

    def product(self, sku: str) -> ProductInput:
        """As the services take it."""
        return ProductInput(
            sku=sku,
            name=self.name,
            price_minor=self.price_minor,
            name_en=self.name_en,
            category=self.category,
            brand=self.brand,
            barcode=self.barcode,
            cost_minor=self.cost_minor,
            unit=self.unit,
            pack_size=self.pack_size,
            earns_points=self.earns_points,
            active=self.active,
            tags=tuple(self.tags),
        )


class ProductIn(ProductFields):
    """A product."""

    model_config = example(sku="0103001", **_PRODUCT)

    sku: LongCode


class ProductsIn(In):
    """Products to be added or changed, all or none. Prices hold from the answer on."""

    products: Annotated[list[ProductIn], Field(min_length=1, max_length=MOST_AT_ONCE)]


class ProductOut(BaseModel):
    """One article as the till knows it."""

    model_config = example(sku="0103001", **_PRODUCT)

    sku: str
    name: str
    name_en: str
    price_minor: int
    category: str | None
    brand: str
    barcode: str
    cost_minor: int | None
    unit: str
    pack_size: str
    earns_points: bool
    active: bool
    tags: list[str]

    @classmethod
    def of(cls, product: ProductInput) -> ProductOut:
        """From the module's own type."""
        return cls(
            sku=product.sku,
            name=product.name,
            name_en=product.name_en,
            price_minor=product.price_minor,
            category=product.category,
            brand=product.brand,
            barcode=product.barcode,
            cost_minor=product.cost_minor,
            unit=product.unit,
            pack_size=product.pack_size,
            earns_points=product.earns_points,
            active=product.active,
            tags=list(product.tags),
        )


class ProductsOut(_Page):
    """A page of products by SKU."""

    products: list[ProductOut]


class SavedOut(BaseModel):
    """How many entries were added or changed."""

    saved: int = Field(examples=[1])


class OrderSummaryOut(BaseModel):
    """One order in a list."""

    order_id: int = Field(examples=[88213])
    order_no: str = Field(examples=["S001-20260310-0131"])
    store: str = Field(examples=["S001"])
    channel: str = Field(examples=["pos"])
    member_id: int | None = Field(examples=[1042])
    placed_at: datetime = Field(examples=["2026-03-10T04:00:00Z"])
    currency: str = Field(examples=["CNY"])
    total_minor: int = Field(examples=[880])
    points_minor: int = Field(examples=[0], description="part settled with points")
    paid_minor: int = Field(examples=[880], description="part settled with money")
    returned_minor: int = Field(examples=[0], description="of the total, so far")
    refunded_minor: int = Field(examples=[0], description="of the money, so far")
    points_redeemed: int = Field(examples=[0])
    points_earned: int = Field(examples=[8])
    points_restored: int = Field(examples=[0])
    points_clawed_back: int = Field(examples=[0])
    delivery_status: str = Field(examples=["placed"])
    source: str = Field(examples=["api"])

    @classmethod
    def of(cls, order: Order) -> OrderSummaryOut:
        """From a row with its store and channel."""
        return cls(**_summary(order))


class OrdersOut(_Page):
    """A page of orders, the newest purchase first."""

    orders: list[OrderSummaryOut]


class OrderLineOut(BaseModel):
    """One article of an order. Quantities are decimal texts."""

    line_no: int = Field(examples=[1])
    sku: str = Field(examples=["0103001"])
    name: str = Field(examples=["禾邻优选嫩豆腐 400g"])
    quantity: str = Field(examples=["2"])
    unit_price_minor: int = Field(examples=[340])
    gross_minor: int = Field(examples=[680])
    discount_minor: int = Field(examples=[0])
    net_minor: int = Field(examples=[680])
    points_minor: int = Field(examples=[0])
    returned_quantity: str = Field(examples=["0"])
    returned_minor: int = Field(examples=[0])


class OrderTenderOut(BaseModel):
    """One means of payment."""

    kind: str = Field(examples=["wechat_pay"])
    amount_minor: int = Field(examples=[880])
    reference: str = Field(examples=["4200002026031000131"])


class OrderReturnLineOut(BaseModel):
    """How much of one line came back."""

    line_no: int = Field(examples=[1])
    quantity: str = Field(examples=["1"])
    returned_minor: int = Field(examples=[340])


class OrderReturnOut(BaseModel):
    """Goods brought back."""

    return_id: int = Field(examples=[512])
    return_no: str = Field(examples=["R-0007"])
    store: str = Field(examples=["S001"])
    returned_at: datetime = Field(examples=["2026-03-12T09:30:00Z"])
    returned_minor: int = Field(examples=[340])
    refunded_minor: int = Field(examples=[340])
    points_restored: int = Field(examples=[0])
    points_clawed_back: int = Field(examples=[3])
    reason: str = Field(examples=["包装破损"])
    lines: list[OrderReturnLineOut]


class DeliveryStepOut(BaseModel):
    """A step of the order on its way."""

    status: str = Field(examples=["shipped"])
    at: datetime = Field(examples=["2026-03-10T08:15:00Z"])


class OrderDetailOut(OrderSummaryOut):
    """One order with everything that belongs to it."""

    items_minor: int = Field(examples=[880])
    discount_minor: int = Field(examples=[0])
    programme_version: int = Field(examples=[2])
    recorded_at: datetime = Field(examples=["2026-03-10T04:00:01Z"])
    lines: list[OrderLineOut]
    tenders: list[OrderTenderOut]
    returns: list[OrderReturnOut]
    delivery: list[DeliveryStepOut]

    @classmethod
    def full(cls, record: OrderRecord) -> OrderDetailOut:
        """From the module's own type."""
        order = record.order
        return cls(
            **_summary(order),
            items_minor=order.items_minor,
            discount_minor=order.discount_minor,
            programme_version=order.programme_version,
            recorded_at=order.recorded_at,
            lines=[
                OrderLineOut(
                    line_no=line.line_no,
                    sku=line.product.sku,
                    name=line.product.name,
                    quantity=format_milli(line.quantity_milli),
                    unit_price_minor=line.unit_price_minor,
                    gross_minor=line.gross_minor,
                    discount_minor=line.discount_minor,
                    net_minor=line.net_minor,
                    points_minor=line.points_minor,
                    returned_quantity=format_milli(line.returned_milli),
                    returned_minor=line.returned_minor,
                )
                for line in record.lines
            ],
            tenders=[
                OrderTenderOut(kind=tender.kind, amount_minor=tender.amount_minor, reference=tender.reference)
                for tender in record.tenders
            ],
            returns=[
                OrderReturnOut(
                    return_id=back.pk,
                    return_no=back.return_no,
                    store=back.store.code,
                    returned_at=back.returned_at,
                    returned_minor=back.returned_minor,
                    refunded_minor=back.refunded_minor,
                    points_restored=back.points_restored,
                    points_clawed_back=back.points_clawed_back,
                    reason=back.reason,
                    lines=[
                        OrderReturnLineOut(
                            line_no=line.line_no,
                            quantity=format_milli(line.quantity_milli),
                            returned_minor=line.returned_minor,
                        )
                        for line in lines
                    ],
                )
                for back, lines in record.returns
            ],
            delivery=[DeliveryStepOut(status=step.status, at=step.at) for step in record.steps],
        )


def _summary(order: Order) -> dict[str, Any]:
    return {
        "order_id": order.pk,
        "order_no": order.order_no,
        "store": order.store.code,
        "channel": order.channel.code,
        "member_id": order.member_id,
        "placed_at": order.placed_at,
        "currency": order.currency,
        "total_minor": order.total_minor,
        "points_minor": order.points_minor,
        "paid_minor": order.paid_minor,
        "returned_minor": order.returned_minor,
        "refunded_minor": order.refunded_minor,
        "points_redeemed": order.points_redeemed,
        "points_earned": order.points_earned,
        "points_restored": order.points_restored,
        "points_clawed_back": order.points_clawed_back,
        "delivery_status": order.delivery_status,
        "source": order.source,
    }


def once_each(codes: Sequence[str]) -> str | None:
    """The first code that is named twice, if any."""
    seen: set[str] = set()
    for code in codes:
        if code in seen:
            return code
        seen.add(code)
    return None
