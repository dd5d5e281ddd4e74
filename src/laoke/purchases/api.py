"""Endpoints of stores, channels, categories, products, and of orders as they were."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from django.http import HttpRequest
from ninja import Path, Query, Router

from laoke.foundation.access import Scope
from laoke.foundation.web.api import KeyAuth, caller, received_at
from laoke.foundation.web.fields import After, Code, Instant, Limit, OrderId
from laoke.purchases import history, reference, services
from laoke.purchases.history import Wanted
from laoke.purchases.schemas import (
    CategoriesIn,
    CategoriesOut,
    CategoryFields,
    CategoryOut,
    ChannelFields,
    ChannelOut,
    ChannelsIn,
    ChannelsOut,
    OrderDetailOut,
    OrdersOut,
    OrderSummaryOut,
    ProductFields,
    ProductOut,
    ProductsIn,
    ProductsOut,
    SavedOut,
    StoreFields,
    StoreOut,
    StoresIn,
    StoresOut,
    once_each,
)
from laoke.purchases.services import BadReference

router = Router()
# Of one address all methods must stand in one router: checkout adds the recording of orders to this one.
order_router = Router(tags=["orders"])

StoreCode = Annotated[Code, Path(examples=["S001"])]
ChannelCode = Annotated[Code, Path(examples=["pos"])]
CategoryCode = Annotated[Code, Path(examples=["0103"])]
Sku = Annotated[Code, Path(examples=["0103001"])]

READ_STORES = KeyAuth(Scope.STORES_READ)
WRITE_STORES = KeyAuth(Scope.STORES_WRITE)
READ_PRODUCTS = KeyAuth(Scope.PRODUCTS_READ)
WRITE_PRODUCTS = KeyAuth(Scope.PRODUCTS_WRITE)
READ_ORDERS = KeyAuth(Scope.ORDERS_READ)


@router.get("/stores", auth=READ_STORES, response=StoresOut, tags=["stores"], summary="List stores")
def list_stores(request: HttpRequest, after: After = None, limit: Limit = 50) -> StoresOut:
    """Every store by its code, those that have closed included."""
    page, more = reference.stores(after, limit)
    return StoresOut(stores=[StoreOut.of(store) for store in page], after=more)


@router.post("/stores", auth=WRITE_STORES, response=SavedOut, tags=["stores"], summary="Save many stores")
def save_stores(request: HttpRequest, body: StoresIn) -> SavedOut:
    """Add or change up to 1,000 stores by their codes; all or none."""
    _refuse_twice("stores", [store.code for store in body.stores])
    saved = services.save_stores(
        caller(request), [store.store(store.code) for store in body.stores], at=received_at(request)
    )
    return SavedOut(saved=len(saved))


@router.get(
    "/stores/{path:code}", auth=READ_STORES, response=StoreOut, tags=["stores"], summary="Show a store"
)
def show_store(request: HttpRequest, code: StoreCode) -> StoreOut:
    """One store by its code."""
    return StoreOut.of(reference.store(code))


@router.put(
    "/stores/{path:code}", auth=WRITE_STORES, response=StoreOut, tags=["stores"], summary="Save a store"
)
def save_store(request: HttpRequest, code: StoreCode, body: StoreFields) -> StoreOut:
    """Add the store or replace everything known of it."""
    services.save_stores(caller(request), [body.store(code)], at=received_at(request))
    return StoreOut.of(reference.store(code))


@router.get("/channels", auth=READ_STORES, response=ChannelsOut, tags=["stores"], summary="List channels")
def list_channels(request: HttpRequest, after: After = None, limit: Limit = 50) -> ChannelsOut:
    """Every way of selling by its code."""
    page, more = reference.channels(after, limit)
    return ChannelsOut(channels=[ChannelOut.of(channel) for channel in page], after=more)


@router.post("/channels", auth=WRITE_STORES, response=SavedOut, tags=["stores"], summary="Save many channels")
def save_channels(request: HttpRequest, body: ChannelsIn) -> SavedOut:
    """Add or rename up to 1,000 channels by their codes; all or none."""
    _refuse_twice("channels", [channel.code for channel in body.channels])
    named = {channel.code: (channel.name, channel.name_en) for channel in body.channels}
    return SavedOut(saved=len(services.save_channels(caller(request), named, at=received_at(request))))


@router.get(
    "/channels/{path:code}",
    auth=READ_STORES,
    response=ChannelOut,
    tags=["stores"],
    summary="Show a channel",
)
def show_channel(request: HttpRequest, code: ChannelCode) -> ChannelOut:
    """One channel by its code."""
    return ChannelOut.of(reference.channel(code))


@router.put(
    "/channels/{path:code}",
    auth=WRITE_STORES,
    response=ChannelOut,
    tags=["stores"],
    summary="Save a channel",
)
def save_channel(request: HttpRequest, code: ChannelCode, body: ChannelFields) -> ChannelOut:
    """Add the channel or rename it."""
    services.save_channels(caller(request), {code: (body.name, body.name_en)}, at=received_at(request))
    return ChannelOut.of(reference.channel(code))


@router.get(
    "/categories", auth=READ_PRODUCTS, response=CategoriesOut, tags=["products"], summary="List categories"
)
def list_categories(request: HttpRequest, after: After = None, limit: Limit = 50) -> CategoriesOut:
    """Every category by its code."""
    page, more = reference.categories(after, limit)
    return CategoriesOut(categories=[CategoryOut.of(category) for category in page], after=more)


@router.post(
    "/categories", auth=WRITE_PRODUCTS, response=SavedOut, tags=["products"], summary="Save many categories"
)
def save_categories(request: HttpRequest, body: CategoriesIn) -> SavedOut:
    """Add or change up to 1,000 categories by their codes; all or none. Parents may come in the same request."""
    _refuse_twice("categories", [category.code for category in body.categories])
    saved = services.save_categories(
        caller(request),
        [category.category(category.code) for category in body.categories],
        at=received_at(request),
    )
    return SavedOut(saved=len(saved))


@router.get(
    "/categories/{path:code}",
    auth=READ_PRODUCTS,
    response=CategoryOut,
    tags=["products"],
    summary="Show a category",
)
def show_category(request: HttpRequest, code: CategoryCode) -> CategoryOut:
    """One category by its code."""
    return CategoryOut.of(reference.category(code))


@router.put(
    "/categories/{path:code}",
    auth=WRITE_PRODUCTS,
    response=CategoryOut,
    tags=["products"],
    summary="Save a category",
)
def save_category(request: HttpRequest, code: CategoryCode, body: CategoryFields) -> CategoryOut:
    """Add the category or replace everything known of it."""
    services.save_categories(caller(request), [body.category(code)], at=received_at(request))
    return CategoryOut.of(reference.category(code))


@router.get("/products", auth=READ_PRODUCTS, response=ProductsOut, tags=["products"], summary="List products")
def list_products(request: HttpRequest, after: After = None, limit: Limit = 50) -> ProductsOut:
    """Every product by its SKU, those no longer sold included."""
    page, more = reference.products(after, limit)
    return ProductsOut(products=[ProductOut.of(product) for product in page], after=more)


@router.post(
    "/products", auth=WRITE_PRODUCTS, response=SavedOut, tags=["products"], summary="Save many products"
)
def save_products(request: HttpRequest, body: ProductsIn) -> SavedOut:
    """Add or change up to 1,000 products by their SKUs; all or none. Prices hold from the answer on, in every till."""
    _refuse_twice("products", [product.sku for product in body.products])
    saved = services.save_products(
        caller(request),
        [product.product(product.sku) for product in body.products],
        at=received_at(request),
    )
    return SavedOut(saved=len(saved))


@router.get(
    "/products/{path:sku}",
    auth=READ_PRODUCTS,
    response=ProductOut,
    tags=["products"],
    summary="Show a product",
)
def show_product(request: HttpRequest, sku: Sku) -> ProductOut:
    """One product by its SKU."""
    return ProductOut.of(reference.product(sku))


@router.put(
    "/products/{path:sku}",
    auth=WRITE_PRODUCTS,
    response=ProductOut,
    tags=["products"],
    summary="Save a product",
)
def save_product(request: HttpRequest, sku: Sku, body: ProductFields) -> ProductOut:
    """Add the product or replace everything known of it."""
    services.save_products(caller(request), [body.product(sku)], at=received_at(request))
    return ProductOut.of(reference.product(sku))


@order_router.get("/orders", auth=READ_ORDERS, response=OrdersOut, summary="List orders")
def list_orders(
    request: HttpRequest,
    member_id: Annotated[int | None, Query(ge=1, le=2**63 - 1, examples=[1042])] = None,
    store: Annotated[Code | None, Query(description="code of a store", examples=["S001"])] = None,
    order_no: Annotated[Code | None, Query(examples=["S001-20260310-0131"])] = None,
    since: Annotated[
        Instant | None,
        Query(alias="from", description="placed at or after", examples=["2026-03-01T00:00:00Z"]),
    ] = None,
    until: Annotated[
        Instant | None, Query(alias="to", description="placed before", examples=["2126-03-01T00:00:00Z"])
    ] = None,
    after: After = None,
    limit: Limit = 50,
) -> OrdersOut:
    """Orders that meet every condition given, the newest purchase first."""
    wanted = Wanted(member_id, store, order_no, since, until)
    page, more = history.orders(caller(request), wanted, after=after, limit=limit)
    return OrdersOut(orders=[OrderSummaryOut.of(order) for order in page], after=more)


@order_router.get("/orders/{order_id}", auth=READ_ORDERS, response=OrderDetailOut, summary="Show an order")
def show_order(request: HttpRequest, order_id: OrderId) -> OrderDetailOut:
    """One order with its lines, payments, returns and steps of delivery."""
    return OrderDetailOut.full(history.order(caller(request), order_id))


def _refuse_twice(field: str, codes: Sequence[str]) -> None:
    if (twice := once_each(codes)) is not None:
        raise BadReference(field, f"{twice[:60]!r} is named twice")
