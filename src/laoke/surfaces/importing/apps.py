from django.apps import AppConfig


class ImportingConfig(AppConfig):
    name = "laoke.surfaces.importing"
    label = "importing"
