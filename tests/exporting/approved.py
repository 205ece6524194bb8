"""Lines with approved takes, by the services that approve them."""

from __future__ import annotations

import hashlib
from types import SimpleNamespace
from typing import Any

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from speech.models import Take
from speech.services.projects import media_folder
from speech.services.reviews import approve
from tests import factories


def approved_take(cast: SimpleNamespace, text: str, **more: Any) -> Take:
    """A take of a new line, with sound of its own in the store, approved by the reviewer."""
    body = b"fLaC" + text.encode() * 100
    name = default_storage.save(f"{media_folder(cast.project.pk)}/take.flac", ContentFile(body))
    take = factories.make_reviewable_take(
        cast.project,
        text,
        **{
            "audio": name,
            "sha256": hashlib.sha256(body).hexdigest(),
            "byte_count": len(body),
            "created_by": cast.producer,
            "cost": 0.021,
            **more,
        },
    )
    approve(cast.reviewer, take=take)
    take.refresh_from_db()
    return take
