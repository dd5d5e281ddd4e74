from django.apps import AppConfig


class SegmentsConfig(AppConfig):
    name = "laoke.segments"
    label = "segments"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from laoke.benefits.coupons import batches
        from laoke.benefits.library import people
        from laoke.members import followers
        from laoke.segments import recipients
        from laoke.segments.following import SegmentsFollow

        followers.register(SegmentsFollow())
        batches.find_audiences_by(recipients.query)
        people.known_by(people.Knowledge(recipients.condition, recipients.known))
