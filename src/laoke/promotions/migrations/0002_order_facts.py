from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("promotions", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="OrderFacts",
            fields=[
                ("order_id", models.BigIntegerField(primary_key=True, serialize=False)),
                ("priced_at", models.DateTimeField()),
                ("programme_version", models.BigIntegerField()),
                ("document", models.JSONField(help_text="see laoke.promotions.facts")),
            ],
        ),
    ]
