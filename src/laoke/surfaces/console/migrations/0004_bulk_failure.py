"""Acts on many members: how many were put back, since when, and why one broke off."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("console", "0003_directory"),
    ]

    operations = [
        migrations.AddField(
            model_name="bulkact",
            name="undone",
            field=models.IntegerField(default=0, help_text="of those changed, how many were put back"),
        ),
        migrations.AddField(
            model_name="bulkact",
            name="failure",
            field=models.CharField(
                default="", help_text="why it broke off: a code of deeds.BROKE_OFF", max_length=10
            ),
        ),
        migrations.AddField(
            model_name="bulkact",
            name="undo_at",
            field=models.DateTimeField(help_text="when somebody first asked to take it back", null=True),
        ),
    ]
