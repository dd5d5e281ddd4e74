from django.apps import AppConfig


class PromotionsConfig(AppConfig):
    name = "laoke.promotions"
    label = "promotions"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from laoke.members import followers
        from laoke.promotions.following import PromotionsFollow

        followers.register(PromotionsFollow())
