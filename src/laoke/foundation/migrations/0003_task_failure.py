from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("foundation", "0002_sign_in")]

    operations = [
        migrations.CreateModel(
            name="TaskFailure",
            fields=[
                ("job_id", models.BigIntegerField(primary_key=True, serialize=False)),
                ("name", models.CharField(max_length=60)),
                ("error", models.CharField(max_length=500)),
                ("at", models.DateTimeField()),
            ],
            options={"indexes": [models.Index(fields=["at"], name="task_failure_at")]},
        ),
    ]
