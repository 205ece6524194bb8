"""One kind of remark: what was a note is a comment without a time.

A migration of its own: PostgreSQL alters no table in the transaction that filled it.
"""

from typing import Any

from django.db import migrations


def notes_become_comments(apps: Any, schema_editor: Any) -> None:
    """Notes were comments without a time; from here on there is one kind."""
    Comment = apps.get_model("speech", "Comment")
    for note in apps.get_model("speech", "TakeNote").objects.order_by("id").iterator():
        comment = Comment.objects.create(take_id=note.take_id, author_id=note.author_id, text=note.text)
        Comment.objects.filter(pk=comment.pk).update(created_at=note.created_at)


class Migration(migrations.Migration):
    dependencies = [("speech", "0002_review")]

    operations = [
        migrations.RunPython(notes_become_comments, migrations.RunPython.noop),
        migrations.DeleteModel(name="TakeNote"),
    ]
