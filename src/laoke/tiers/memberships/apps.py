from django.apps import AppConfig


class MembershipsConfig(AppConfig):
    name = "laoke.tiers.memberships"
    label = "memberships"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from laoke.members import followers
        from laoke.tiers.memberships.following import MembershipsFollow

        followers.register(MembershipsFollow())
