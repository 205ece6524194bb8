"""What an engine had to say of a text is kept with the take, where it can be shown. Drafts said
it all along: their jobs kept it."""

from typing import Any

from django.db import migrations, models

AT_ONCE = 500


def take_over(apps: Any, schema_editor: Any) -> None:
    takes = apps.get_model("speech", "Take").objects.using(schema_editor.connection.alias)
    drafts = takes.filter(engine="draft", state="done").exclude(job=None).select_related("job")
    last = 0
    while rows := list(
        drafts.filter(pk__gt=last).order_by("pk").only("pk", "job__result")[:AT_ONCE]
    ):
        last = rows[-1].pk
        warned = [take for take in rows if isinstance(take.job.result, dict)]
        warned = [take for take in warned if take.job.result.get("warnings")]
        for take in warned:
            take.warnings = [str(one) for one in take.job.result["warnings"]]
        takes.bulk_update(warned, ["warnings"], batch_size=AT_ONCE)


class Migration(migrations.Migration):
    dependencies = [("speech", "0012_takes_are_searched_by_folded_text")]

    operations = [
        migrations.AddField(
            model_name="take",
            name="warnings",
            field=models.JSONField(blank=True, default=list),
        ),
        migrations.RunPython(take_over, migrations.RunPython.noop),
    ]
