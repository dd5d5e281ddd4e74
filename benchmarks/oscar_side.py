"""The other side of benchmarks/oscar.py: django-oscar's own offers on the same baskets.

Runs in the venv that has django-oscar and nothing of Laoke. The first line read describes the shop, its offers and the
baskets; every further line asks for one round and is answered with a line: CPU seconds and what each basket was given.
SQLite in memory, oscar's default settings, anonymous shoppers, its default strategy (no tax).
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any

import django
from django.conf import settings

OWN: dict[str, Any] = {
    "SECRET_KEY": "benchmark",
    "DEBUG": False,
    "USE_TZ": True,
    "SITE_ID": 1,
    "ROOT_URLCONF": "",
    "DEFAULT_AUTO_FIELD": "django.db.models.BigAutoField",
    "DATABASES": {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
    "HAYSTACK_CONNECTIONS": {"default": {"ENGINE": "haystack.backends.simple_backend.SimpleEngine"}},
    "HAYSTACK_SIGNAL_PROCESSOR": "haystack.signals.BaseSignalProcessor",
}
HUNDRED = Decimal(100)


def configure() -> None:
    """Oscar's defaults, and tables made from its models."""
    import oscar
    import oscar.defaults

    defaults = {name: getattr(oscar.defaults, name) for name in dir(oscar.defaults) if name.isupper()}
    apps = oscar.INSTALLED_APPS
    labels = [
        name.removesuffix(".apps").split(".")[-1] for name in (a.rpartition(".apps.")[0] or a for a in apps)
    ]
    without = dict.fromkeys([*labels, "reviews", "reports", "auth", "contenttypes"])
    settings.configure(**(defaults | OWN), INSTALLED_APPS=apps, MIGRATION_MODULES=without)
    django.setup()
    from django.core.management import call_command

    call_command("migrate", run_syncdb=True, verbosity=0)


class Shop:
    """Catalogue, offers and baskets as rows; the baskets held in memory with lines, articles and prices loaded."""

    def __init__(self, document: dict[str, Any]) -> None:
        from django.db import transaction

        with transaction.atomic():
            self._catalogue(document)
            for offer in document["offers"]:
                self._offer(offer, exclusive=document["exclusive"])
            ids = [self._basket(lines) for lines in document["baskets"]]
        self.baskets = [self._loaded(each) for each in ids]

    def _catalogue(self, document: dict[str, Any]) -> None:
        from oscar.apps.partner.strategy import Default
        from oscar.core.loading import get_model

        category = get_model("catalogue", "Category")
        self.strategy = Default()
        self.categories: dict[str, Any] = {}
        for department, below in document["departments"].items():
            self.categories[department] = category.objects.add_root(create_kwargs={"name": department})
            for name in below:
                parent = category.objects.get(pk=self.categories[department].pk)
                self.categories[name] = category.objects.add_child(parent, {"name": name})
        kind = get_model("catalogue", "ProductClass").objects.create(name="goods", track_stock=False)
        partner = get_model("partner", "Partner").objects.create(name="shop")
        self.products: dict[str, Any] = {}
        for each in document["products"]:
            product = get_model("catalogue", "Product").objects.create(
                title=each["sku"], upc=each["sku"], product_class=kind
            )
            product.categories.add(self.categories[each["category"]])
            product.stockrecords.create(
                partner=partner, partner_sku=each["sku"], price=Decimal(each["price_minor"]) / HUNDRED
            )
            self.products[each["sku"]] = product

    def _offer(self, document: dict[str, Any], *, exclusive: bool) -> None:
        from oscar.core.loading import get_model

        goods = get_model("offer", "Range").objects.create(name=document["key"])
        if "skus" in document:
            for sku in document["skus"]:
                goods.add_product(self.products[sku])
        else:
            goods.included_categories.add(*[self.categories[name] for name in document["categories"]])
        condition, benefit = get_model("offer", "Condition"), get_model("offer", "Benefit")
        counted = condition.COUNT if "count" in document else condition.VALUE
        needed = document["count"] if "count" in document else Decimal(document["value_minor"]) / HUNDRED
        kinds = {
            "percent": (benefit.PERCENTAGE, lambda: Decimal(document["percent"])),
            "amount": (benefit.FIXED, lambda: Decimal(document["minor"]) / HUNDRED),
            "unit": (benefit.FIXED_UNIT, lambda: Decimal(document["minor"]) / HUNDRED),
            "multibuy": (benefit.MULTIBUY, lambda: None),
            "set": (benefit.FIXED_PRICE, lambda: Decimal(document["minor"]) / HUNDRED),
        }
        kind, value = kinds[document["kind"]]
        gives = benefit(range=None if document["kind"] == "set" else goods, type=kind, value=value())
        when = condition(range=goods, type=counted, value=needed)
        for each in (gives, when):
            each.clean()
            each.save()
        get_model("offer", "ConditionalOffer").objects.create(
            name=document["key"],
            condition=when,
            benefit=gives,
            priority=document["priority"],
            exclusive=exclusive,
        )

    def _basket(self, lines: Iterable[tuple[str, int]]) -> int:
        from oscar.core.loading import get_model

        basket = get_model("basket", "Basket").objects.create()
        basket.strategy = self.strategy
        for sku, quantity in lines:
            basket.add_product(self.products[sku], quantity)
        return int(basket.pk)

    def _loaded(self, pk: int) -> Any:
        from oscar.core.loading import get_model

        basket = get_model("basket", "Basket").objects.get(pk=pk)
        basket.strategy = self.strategy
        for line in basket.all_lines():
            _ = line.unit_effective_price, line.product.is_discountable
        return basket

    def kept(self, *, ranges: bool) -> list[Any]:
        """The offers read once, with conditions, benefits and ranges as objects; with `ranges` also what each range
        holds, so that nothing is asked of the database any more."""
        from oscar.apps.offer.applicator import Applicator

        offers = Applicator().get_offers(self.baskets[0])
        for offer in offers:
            offer.condition, offer.benefit = offer.condition.proxy(), offer.benefit.proxy()
            for part in (offer.condition, offer.benefit):
                if part.range is None:
                    continue
                goods = part.range.product_queryset
                if ranges:
                    held = set(goods.values_list("id", flat=True))
                    part.range.contains_product = lambda product, held=held: product.id in held
        return list(offers)


def fresh(basket: Any) -> None:
    """Take the discounts off again; lines and prices stay loaded."""
    from oscar.apps.offer.results import OfferApplications

    basket.offer_applications = OfferApplications()
    for line in basket.all_lines():
        line.clear_discount()


def minor(amount: Decimal) -> int:
    """Exact minor units; a basket that has fractions of them is an error."""
    scaled = Decimal(amount) * HUNDRED
    if scaled != int(scaled):
        raise ValueError(f"{amount} is not whole minor units")
    return int(scaled)


def found(basket: Any) -> dict[str, Any]:
    """What a basket was given."""
    offers = {each["name"]: minor(each["discount"]) for each in basket.offer_applications}
    return {
        "total": minor(basket.total_excl_tax),
        "offers": {name: amount for name, amount in offers.items() if amount},
        "lines": [minor(line.discount_value) for line in basket.all_lines()],
    }


def ways(shop: Shop) -> dict[str, Callable[[Any], None]]:
    """Ways of applying offers: as users have it, with the offers kept in memory, with the ranges in memory too."""
    from oscar.apps.offer.applicator import Applicator

    offers, all_kept = shop.kept(ranges=False), shop.kept(ranges=True)
    return {
        "as_used": lambda basket: Applicator().apply(basket),
        "offers_kept": lambda basket: Applicator().apply_offers(basket, offers),
        "ranges_kept": lambda basket: Applicator().apply_offers(basket, all_kept),
    }


def statements(apply: Callable[[Any], None], baskets: list[Any]) -> float:
    """How many statements a basket costs, the mean of the first ten; also the warm-up."""
    from django.db import connection

    count = 0

    def counting(execute: Any, *arguments: Any) -> Any:
        nonlocal count
        count += 1
        return execute(*arguments)

    some = baskets[:10]
    with connection.execute_wrapper(counting):
        for basket in some:
            fresh(basket)
            apply(basket)
    return round(count / len(some), 1)


def main() -> None:
    """Build the shop, then answer rounds until the input ends."""
    document = json.loads(sys.stdin.readline())
    configure()
    shop = Shop(document)
    applied = ways(shop)
    import oscar

    say(
        {
            "versions": {"django-oscar": oscar.get_version(), "django": django.get_version()},
            "statements": {name: statements(apply, shop.baskets) for name, apply in applied.items()},
        }
    )
    for text in sys.stdin:
        asked = json.loads(text)
        apply, answers, seconds = applied[asked["way"]], [], 0.0
        for place in range(*asked["baskets"]):
            basket = shop.baskets[place]
            fresh(basket)
            begun = time.process_time()
            apply(basket)
            seconds += time.process_time() - begun
            answers.append(found(basket))
        say({"seconds": seconds, "found": answers})


def say(answer: dict[str, Any]) -> None:
    """One line of JSON."""
    print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
