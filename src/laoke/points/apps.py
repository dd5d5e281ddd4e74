from django.apps import AppConfig


class PointsConfig(AppConfig):
    name = "laoke.points"
    label = "points"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from laoke.members import followers
        from laoke.points.activities.following import ActivitiesFollow
        from laoke.points.following import PointsFollow

        followers.register(PointsFollow())
        followers.register(ActivitiesFollow())
