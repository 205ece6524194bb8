from __future__ import annotations

from django.db import transaction

from speech.errors import BadInput
from speech.models import Comment, Take, User
from speech.services.events import log, touch

TEXT_LIMIT = 2000


@transaction.atomic
def write_comment(
    actor: User,
    *,
    take: Take,
    text: str,
    start: float | None = None,
    end: float | None = None,
    parent: Comment | None = None,
) -> Comment:
    """Say something about a take: as a whole, at `start`, or about `start` to `end` (seconds)."""
    text = text.replace("\x00", "").strip()
    if not text:
        raise BadInput("Write something first.")
    if len(text) > TEXT_LIMIT:
        raise BadInput(
            f"A comment has at most {TEXT_LIMIT:,} characters; this one has {len(text):,}."
        )
    comment = Comment.objects.create(
        take=take, author=actor, text=text, start=start, end=end, parent=parent
    )
    log(actor, "comment written", project=take.project, target=f"take {take.pk}", text=text)
    touch(take.project_id, takes=[take.pk])
    return comment
