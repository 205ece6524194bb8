"""Events say what they are about, so that a long history can be filtered; deliveries keep their
entry when the file goes.

The rows are filled last: PostgreSQL alters no table in a transaction that has written to it.
"""

import django.db.models.deletion
from django.conf import settings
from typing import Any

from django.db import migrations, models

KINDS = (
    ("people", ("member", "role", "invitation", "link", "project left", "person")),
    ("comments", ("comment",)),
    ("lines", ("line", "script")),
    ("takes", ("take", "star", "choice", "unknown")),
)


def say_what_events_are_about(apps: Any, schema_editor: Any) -> None:
    Event = apps.get_model("speech", "Event")
    Take = apps.get_model("speech", "Take")
    for event in Event.objects.exclude(project=None).order_by("id").iterator(chunk_size=1000):
        what, _, key = event.target.partition(" ")
        event.kind = next(
            (kind for kind, words in KINDS if event.verb.startswith(words)), "project"
        )
        if key.isdigit() and what == "line":
            event.about_line = int(key)
        elif key.isdigit() and what == "take":
            event.about_line = (
                Take.objects.filter(pk=int(key)).values_list("line_id", flat=True).first()
            )
        event.save(update_fields=["kind", "about_line"])


class Migration(migrations.Migration):
    dependencies = [("speech", "0003_notes_become_comments")]

    operations = [
        migrations.AddField(
            model_name="event",
            name="kind",
            field=models.CharField(blank=True, max_length=12, default=""),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="event",
            name="about_line",
            field=models.BigIntegerField(blank=True, null=True),
        ),
        migrations.AlterField(
            model_name="event",
            name="project",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="events",
                to="speech.project",
            ),
        ),
        migrations.AlterField(
            model_name="event",
            name="actor",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddIndex(
            model_name="event",
            index=models.Index(fields=["project", "kind", "-id"], name="event_by_kind"),
        ),
        migrations.AddIndex(
            model_name="event",
            index=models.Index(fields=["project", "actor", "-id"], name="event_by_person"),
        ),
        migrations.AddIndex(
            model_name="event",
            index=models.Index(fields=["project", "about_line", "-id"], name="event_by_line"),
        ),
        migrations.AddField(
            model_name="delivery",
            name="removed_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="delivery",
            name="removed_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.RunPython(say_what_events_are_about, migrations.RunPython.noop),
    ]
