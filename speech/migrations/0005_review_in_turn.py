from django.db import migrations, models


class Migration(migrations.Migration):
    """The queue across projects is walked in the order in which people asked."""

    dependencies = [("speech", "0004_events_are_kept")]

    operations = [
        migrations.AddIndex(
            model_name="review",
            index=models.Index(fields=["state", "asked_at", "id"], name="review_in_turn"),
        ),
    ]
