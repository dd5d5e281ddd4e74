from django.apps import AppConfig


class SurfacesConfig(AppConfig):
    name = "laoke.surfaces"
    label = "surfaces"
