"""Products and categories: lists, one product, forms, and who may."""

from __future__ import annotations

import re

import pytest

from laoke.foundation.access import ROLE_SCOPES, SYSTEM, Caller, OutsideStores, Role, Scope
from laoke.foundation.audit.models import AuditEntry
from laoke.purchases import entries, reference, services
from laoke.purchases.models import Category, Product
from laoke.purchases.services import CategoryInput, ProductInput
from tests.shop import OPENING

from .test_stores import ODD, words


@pytest.fixture
def shelf(shop):
    """Two levels of categories, and sixty products in the lower one."""
    services.save_categories(
        SYSTEM,
        [
            CategoryInput("01", "生鲜", "Fresh"),
            CategoryInput("0103", "豆制品", "Tofu", "01"),
            CategoryInput("02", "酒水"),
        ],
        at=OPENING,
    )
    services.save_products(
        SYSTEM,
        [
            ProductInput(
                f"P{n:03d}", f"嫩豆腐 {n}", 340 + n, category="0103", brand="禾邻" if n % 2 else "邻家",
                barcode=f"69{n:06d}", earns_points=n != 3, active=n != 7,
            )
            for n in range(60)
        ],
        at=OPENING,
    )  # fmt: skip
    return shop


FORM = {
    "name": "老酸奶", "name_en": "Yoghurt", "category": "0103", "brand": "禾邻", "price_minor": "12.50",
    "cost_minor": "", "unit": "杯", "pack_size": "160 g", "barcode": "6901", "tags": "冷藏，新品、冷藏",
    "earns_points": "on",
}  # fmt: skip


class TestTheList:
    @pytest.mark.parametrize(
        ("query", "found", "missing"),
        [
            ({"q": "豆腐 12"}, "P012", "P013"),
            ({"q": "P01"}, "P015", "P025"),
            ({"q": "69000021"}, "P021", "P022"),
            ({"category": "01"}, "P001", "milk"),
            ({"category": "02"}, "No product found", "P001"),
            ({"brand": "邻家"}, "P002", "P003"),
            ({"active": "no"}, "P007", "P008"),
            ({"earns": "no"}, "P003", "P004"),
            ({"category": "无"}, "No product found", "P001"),
        ],
    )
    def test_filters(self, shelf, hire, query, found, missing):
        said = words(hire().get("/products", query))
        said = said[said.index("Filter") :]
        assert found in said
        assert missing not in said

    def test_pages_and_count(self, shelf, hire):
        browser = hire()
        first = browser.get("/products", {"category": "0103"})
        assert "60 products match the filter" in words(first)
        after = re.search(r'rel="next" href="([^"]+)"', first.content.decode())[1].replace("&amp;", "&")
        second = browser.get(after)
        assert words(second).count("嫩豆腐") == 10
        back = re.search(r'rel="prev" href="([^"]+)"', second.content.decode())[1].replace("&amp;", "&")
        assert words(browser.get(back)).count("嫩豆腐") == 50

    @pytest.mark.parametrize("query", [{"q": ODD}, {"after": "!!"}, {"q": "\0%_"}, {"brand": "长" * 10_000}])
    def test_odd_input_is_no_fault(self, shop, hire, query):
        assert hire().get("/products", query).status_code in (200, 400)


class TestOneProduct:
    def test_path_and_price(self, shelf, hire):
        found = Product.objects.get(sku="P005")
        said = words(hire().get(f"/products/{found.pk}"))
        assert "Fresh › Tofu" in said
        assert "¥3.45" in said
        assert "Earns points" in said

    def test_cost_is_for_those_who_edit(self, shelf, hire):
        path = f"/products/{Product.objects.get(sku='P005').pk}"
        assert " Cost " in words(hire("operations").get(path))
        assert " Cost " not in words(hire("associate").get(path))

    def test_no_product(self, shop, hire):
        assert hire().get("/products/999999").status_code == 404


class TestForms:
    def test_a_new_product(self, shelf, hire):
        answer = hire("operations").post("/products/new", FORM | {"sku": "Y1"})
        assert (answer.status_code, answer.headers["Location"]) == (303, "/products")
        assert reference.product("Y1") == ProductInput(
            "Y1",
            "老酸奶",
            1250,
            "Yoghurt",
            "0103",
            "禾邻",
            "6901",
            None,
            "杯",
            "160 g",
            True,
            True,
            ("冷藏", "新品"),
        )

    @pytest.mark.parametrize(
        ("change", "said"),
        [
            ({"price_minor": "a lot"}, "Enter an amount such as 12.50."),
            ({"price_minor": "-1"}, "from 0 to 10,000,000,000"),
            ({"price_minor": "1.234"}, "Enter an amount such as 12.50."),
            ({"price_minor": ""}, "This field is required."),
            ({"name": "长" * 10_000}, "at most 200 characters"),
            ({"tags": ",".join(str(n) for n in range(60))}, "At most 50 words"),
            ({"sku": "milk"}, "There is an entry with this code already"),
            ({"category": "nowhere"}, "Select a valid choice."),
        ],
    )
    def test_what_is_wrong_stands_at_its_field(self, shelf, hire, change, said):
        before = Product.objects.count()
        answer = hire().post("/products/new", FORM | {"sku": "Y1"} | change)
        assert answer.status_code == 422
        assert said in words(answer)
        assert Product.objects.count() == before

    def test_editing_keeps_what_is_not_in_the_form(self, shelf, hire):
        found = Product.objects.get(sku="P007")
        hire().post(f"/products/{found.pk}/edit", FORM)
        found.refresh_from_db()
        assert (found.sku, found.name, found.active) == ("P007", "老酸奶", False)
        entry = AuditEntry.objects.filter(action="product.saved", object_id="P007").latest("id")
        assert entry.before["price_minor"] == 347
        assert entry.after["price_minor"] == 1250
        assert "active" not in entry.after

    def test_a_stale_form_is_held_back(self, shelf, hire):
        found = Product.objects.get(sku="P001")
        browser = hire()
        seen = re.search(
            r'name="seen" value="(\w+)"', browser.get(f"/products/{found.pk}/edit").content.decode()
        )[1]
        services.save_products(SYSTEM, [ProductInput("P001", "换了", 999)], at=OPENING)
        answer = browser.post(f"/products/{found.pk}/edit", FORM | {"seen": seen})
        assert answer.status_code == 409
        assert "List price: 9.99" in words(answer)
        found.refresh_from_db()
        assert found.name == "换了"

    def test_switched_off_and_back(self, shelf, hire):
        found = Product.objects.get(sku="P001")
        browser = hire()
        assert "refused at every till" in words(browser.get(f"/products/{found.pk}/switch"))
        browser.post(f"/products/{found.pk}/switch")
        found.refresh_from_db()
        assert not found.active
        browser.post(f"/products/{found.pk}/switch", {"active": "on"})
        found.refresh_from_db()
        assert found.active

    def test_saved_by_somebody_else_at_the_last_moment(self, shelf, hire, monkeypatch):
        """Between reading the page and locking the product somebody saves it: nothing of theirs is overwritten."""
        found, lock = Product.objects.get(sku="P001"), entries.lock
        browser = hire()
        seen = re.search(
            r'name="seen" value="(\w+)"', browser.get(f"/products/{found.pk}/edit").content.decode()
        )[1]

        def late(kind, key):
            Product.objects.filter(sku="P001").update(price_minor=999)
            lock(kind, key)

        monkeypatch.setattr(entries, "lock", late)
        answer = browser.post(f"/products/{found.pk}/edit", FORM | {"seen": seen, "once": "p"})
        assert answer.status_code == 409
        assert "List price: 9.99" in words(answer)
        now = re.search(r'name="seen" value="(\w+)"', answer.content.decode())[1]
        assert now != seen
        found.refresh_from_db()
        assert found.name == "嫩豆腐 1"
        assert (
            browser.post(f"/products/{found.pk}/edit", FORM | {"seen": now, "once": "p"}).status_code == 303
        )
        browser.post(f"/products/{found.pk}/switch")
        found.refresh_from_db()
        assert (found.active, found.price_minor) == (False, 999)

    def test_the_comparison_holds_a_lock(self, shelf, hire, statements):
        found, browser = Product.objects.get(sku="P001"), hire()
        path = f"/products/{found.pk}"
        for sent in (f"{path}/edit", f"{path}/switch"):
            with statements() as run:
                assert browser.post(sent, FORM).status_code == 303
            locked = next(n for n, each in enumerate(run) if "FOR NO KEY UPDATE" in each)
            read = max(
                n for n, each in enumerate(run) if each.startswith("SELECT") and '"price_minor"' in each
            )
            assert locked < read

    def test_the_second_click_gets_the_first_answer(self, shelf, hire):
        found, browser = Product.objects.get(sku="P001"), hire()
        path = f"/products/{found.pk}/edit"
        seen = re.search(r'name="seen" value="(\w+)"', browser.get(path).content.decode())[1]
        for _click in range(2):
            assert browser.post(path, FORM | {"seen": seen, "once": "twice"}).status_code == 303
        assert AuditEntry.objects.filter(action="product.saved", object_id="P001").count() == 1


class TestLimitedAccounts:
    def test_they_look_and_change_nothing(self, shelf, hire):
        browser = hire("operations", store_ids=[shelf.stores["S1"]])
        product, category = Product.objects.get(sku="P001"), Category.objects.get(code="01")
        before = (list(Product.objects.values()), list(Category.objects.values()))
        for path in ("/products", f"/products/{product.pk}", "/products/categories"):
            answer = browser.get(path)
            assert answer.status_code == 200
            page = answer.content.decode()
            for act in ("/new", "/edit", "/switch", f"/products/categories/{category.pk}"):
                assert f'{act}"' not in page, (path, act)
        for path in (
            "/products/new",
            f"/products/{product.pk}/edit",
            f"/products/{product.pk}/switch",
            "/products/categories/new",
            f"/products/categories/{category.pk}",
        ):
            assert browser.get(path).status_code == 403
            answer = browser.post(path, FORM | {"sku": "Y1", "code": "Y1", "parent": ""})
            assert answer.status_code == 403
            assert "that is limited to stores does not have it" in words(answer)
        assert (list(Product.objects.values()), list(Category.objects.values())) == before

    def test_nor_do_keys(self, shelf):
        limited = Caller("apikey", 1, "till", frozenset(Scope), frozenset({shelf.stores["S1"]}))
        for save in (
            lambda: services.save_products(limited, [ProductInput("milk", "牛奶", 1)], at=OPENING),
            lambda: services.save_categories(limited, [CategoryInput("01", "x")], at=OPENING),
            lambda: services.save_regions(limited, {"east": ("x", "")}, at=OPENING),
            lambda: services.save_channels(limited, {"pos": ("x", "")}, at=OPENING),
        ):
            with pytest.raises(OutsideStores):
                save()
        assert not Category.objects.filter(name="x").exists()

    def test_the_store_chosen_in_the_top_bar_takes_nothing_away(self, shelf, hire):
        browser = hire()
        browser.post("/place", {"place": f"store:{shelf.stores['S1']}"})
        assert '"/products/new"' in browser.get("/products").content.decode()


class TestCategories:
    def test_the_tree_with_counts(self, shelf, hire):
        said = words(hire().get("/products/categories"))
        assert "豆制品 Tofu 0103 60" in said

    def test_added_renamed_and_moved(self, shelf, hire):
        browser = hire()
        browser.post("/products/categories/new", {"code": "03", "name": "日用", "parent": ""})
        found = Category.objects.get(code="03")
        browser.post(f"/products/categories/{found.pk}", {"name": "日化", "parent": "02"})
        found.refresh_from_db()
        assert (found.name, found.parent.code) == ("日化", "02")

    def test_a_circle_is_refused_at_its_field(self, shelf, hire):
        top = Category.objects.get(code="01")
        answer = hire().post(f"/products/categories/{top.pk}", {"name": "生鲜", "parent": "0103"})
        assert answer.status_code == 422
        assert "in a circle" in words(answer)
        top.refresh_from_db()
        assert top.parent is None


class TestWhoMay:
    @pytest.mark.parametrize("role", list(Role))
    def test_roles(self, shelf, hire, role):
        browser = hire(role.value)
        writes = Scope.PRODUCTS_WRITE in ROLE_SCOPES[role]
        path = f"/products/{Product.objects.get(sku='P001').pk}"
        assert browser.get("/products").status_code == 200
        assert (f"{path}/edit" in browser.get(path).content.decode()) is writes
        for address in (f"{path}/edit", f"{path}/switch", "/products/new", "/products/categories/new"):
            assert browser.get(address).status_code == (200 if writes else 403)
            assert browser.post(address, {}).status_code in ((303, 422) if writes else (403,))

    def test_both_languages(self, shelf, hire):
        assert "全部品类" in hire(language="zh-hans").get("/products").content.decode()

    def test_at_most_twelve_statements(self, shelf, hire, statements):
        browser = hire()
        path = f"/products/{Product.objects.get(sku='P001').pk}"
        for address in ("/products?q=豆腐&category=01", path, f"{path}/edit", "/products/categories"):
            with statements() as sent:
                browser.get(address)
            assert len(sent) <= 12, (address, sent)
