from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("review", "0001_initial")]

    operations = [
        migrations.CreateModel(
            name="StoreMonth",
            fields=[
                ("store_id", models.BigIntegerField(primary_key=True, serialize=False)),
                ("as_of", models.DateField(help_text="the last day that counts")),
                ("members", models.IntegerField(help_text="at home in the store")),
                ("orders", models.IntegerField(help_text="of which something was kept")),
                ("buyers", models.IntegerField()),
                ("net_minor", models.BigIntegerField()),
                ("member_net_minor", models.BigIntegerField()),
            ],
        ),
    ]
