"""What the review's tests share: a studio that speaks to the real server, and engines with one
fault each."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from speech.engines import registry
from speech.engines.base import Engine
from speech.engines.segmind import SegmindEngine
from speech.models import Take
from speech.services.takes import request_takes
from tests import factories


def ask(*, count: int = 1, engine: str = "segmind", **voice: Any) -> Take:
    ada = factories.make_user(is_superuser=True)
    project = factories.make_project(owner=ada, voice=factories.make_voice(**voice))
    line = factories.make_line(project)
    return request_takes(ada, line=line, engine=engine, count=count)[0]


def fresh(take: Take) -> Take:
    return Take.objects.select_related("job", "line", "project").get(pk=take.pk)


def building(kind: type[SegmindEngine]) -> Callable[[str], Engine]:
    """Like the registry, with `kind` for Segmind."""

    def build(key: str) -> Engine:
        if key == "segmind":
            return kind(registry.segmind_settings())
        return registry.build(key)

    return build
