"""What a line is read with: provider's default < project < voice < line."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from speech import params
from speech.models import Line, Project, Voice


def inherited_tuning(project: Project, voice: Voice | None) -> dict[str, Any]:
    """The knobs before a line says anything of its own."""
    return {**params.defaults(), **project.defaults, **(voice.params if voice else {})}


def setup_mark(line: Line) -> str:
    """Short and equal for equal setups: a page that shows an older one must not save it."""
    voice = effective_voice(line)
    body = [voice.pk if voice else 0, sorted(effective_tuning(line).items()), line.pinned_seed]
    return hashlib.sha256(json.dumps(body).encode()).hexdigest()[:12]


def effective_voice(line: Line) -> Voice | None:
    return line.voice or line.project.voice


def effective_tuning(line: Line) -> dict[str, Any]:
    return {**inherited_tuning(line.project, effective_voice(line)), **line.params}
