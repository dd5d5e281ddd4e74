from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("promotions", "0005_gifts_back"),
    ]

    operations = [
        migrations.CreateModel(
            name="OfferDay",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "key", "day", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("key", models.CharField(max_length=64)),
                ("day", models.DateField(help_text="in the programme's time zone")),
                ("uses", models.IntegerField()),
                ("undone", models.IntegerField(help_text="of these uses, by returns")),
                ("amount_minor", models.BigIntegerField()),
                ("returned_minor", models.BigIntegerField()),
            ],
        ),
    ]
