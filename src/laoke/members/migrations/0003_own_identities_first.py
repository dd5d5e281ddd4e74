"""Which identities a member had of its own, and which ones came along with merged members."""

from django.db import migrations, models

# Merges are undone in reverse order, so those that hold are what brought an identity to where it is.
_COUNT = """
update members_identity
set carried = came.merges
from (
    select moved.id::bigint as id, count(*) as merges
    from members_merge
    cross join jsonb_array_elements_text(members_merge.moved -> 'identities') as moved (id)
    where members_merge.undone_at is null
    group by moved.id
) came
where members_identity.id = came.id
"""


class Migration(migrations.Migration):
    dependencies = [("members", "0002_list_indexes")]
    operations = [
        migrations.AddField("identity", "carried", models.SmallIntegerField(default=0, db_default=0)),
        migrations.RunSQL(_COUNT, migrations.RunSQL.noop),
    ]
