from django.apps import AppConfig


class ConsoleConfig(AppConfig):
    name = "laoke.surfaces.console"
    label = "console"
