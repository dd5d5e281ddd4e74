from django.apps import AppConfig


class TiersConfig(AppConfig):
    name = "laoke.tiers"
    label = "tiers"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from laoke.members import followers
        from laoke.points.activities import watching
        from laoke.tiers.acting import TiersWatch
        from laoke.tiers.following import TiersFollow

        followers.register(TiersFollow())
        watching.register(TiersWatch())
