from django.apps import AppConfig


class PurchasesConfig(AppConfig):
    name = "laoke.purchases"
    label = "purchases"
    default_auto_field = "django.db.models.BigAutoField"
