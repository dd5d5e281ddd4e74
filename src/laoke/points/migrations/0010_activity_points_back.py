"""What undoing an event took back: tiers count what is left."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("points", "0009_activities")]

    operations = [
        migrations.AddField(
            model_name="activity",
            name="points_back",
            field=models.IntegerField(default=0, db_default=0),
        ),
        migrations.RunSQL(
            "update points_activity set points_back = points + bonus where state = 'undone'",
            migrations.RunSQL.noop,
        ),
    ]
