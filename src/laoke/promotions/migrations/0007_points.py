from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("promotions", "0006_days"),
    ]

    operations = [
        migrations.AddField(
            model_name="offeruse",
            name="points",
            field=models.JSONField(
                default=dict, db_default={}, help_text="by line number: more points the member earned"
            ),
        ),
    ]
