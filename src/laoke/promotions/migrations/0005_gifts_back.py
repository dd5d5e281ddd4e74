from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("promotions", "0004_life"),
    ]

    operations = [
        migrations.AddField(
            model_name="offeruse",
            name="gifts_back",
            field=models.JSONField(
                default=dict, db_default={}, help_text="of gifts: due back with what was returned"
            ),
        ),
    ]
