from django.apps import AppConfig


class BenefitsConfig(AppConfig):
    name = "laoke.benefits"
    label = "benefits"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from laoke.benefits.following import BenefitsFollow
        from laoke.members import followers

        followers.register(BenefitsFollow())
