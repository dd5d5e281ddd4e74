from django.apps import AppConfig


class PurchasesConfig(AppConfig):
    name = "laoke.purchases"
    label = "purchases"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from laoke.members import followers, places
        from laoke.purchases.following import OrdersFollow
        from laoke.purchases.reference import StoresAndChannels

        followers.register(OrdersFollow())
        places.register(StoresAndChannels())
