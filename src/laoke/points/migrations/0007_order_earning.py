from django.db import migrations, models


class Migration(migrations.Migration):
    """A table of its own: orders are not touched."""

    dependencies = [
        ("points", "0006_postings_by_kind"),
    ]

    operations = [
        migrations.CreateModel(
            name="OrderEarning",
            fields=[
                ("order_id", models.BigIntegerField(primary_key=True, serialize=False)),
                ("lines", models.JSONField(help_text="points by line number")),
                ("rules", models.JSONField(help_text="[rule, points], in order")),
            ],
        ),
    ]
