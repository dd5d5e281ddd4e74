from django.apps import AppConfig


class PurchasesConfig(AppConfig):
    name = "laoke.purchases"
    label = "purchases"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from laoke.members import followers
        from laoke.purchases.following import OrdersFollow

        followers.register(OrdersFollow())
