"""Takes keep what their line said, where what was sent is another text, and a folded text that
every database searches alike. Rows are filled last: PostgreSQL alters no table in a transaction
that has written to it."""

from typing import Any

from django.db import migrations, models

from speech.text import search_key

AT_ONCE = 500


def fold_texts(apps: Any, schema_editor: Any) -> None:
    takes = apps.get_model("speech", "Take").objects.using(schema_editor.connection.alias)
    last = 0
    while rows := list(takes.filter(pk__gt=last).order_by("pk").only("pk", "text")[:AT_ONCE]):
        for take in rows:
            take.search_text = search_key(take.text)
        takes.bulk_update(rows, ["search_text"], batch_size=AT_ONCE)
        last = rows[-1].pk


class Migration(migrations.Migration):
    dependencies = [("speech", "0011_studio_rights")]

    operations = [
        migrations.AddField(
            model_name="take",
            name="line_text",
            field=models.TextField(blank=True, default=""),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="take",
            name="search_text",
            field=models.TextField(blank=True, default="", editable=False),
        ),
        migrations.RunPython(fold_texts, migrations.RunPython.noop),
    ]
