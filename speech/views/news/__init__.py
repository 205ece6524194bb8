"""What a page is told when its project has moved on: one module for each kind of page.

Rule: a page names its kind in the feed's `view`; the function of that kind answers with the
fragments that the page itself includes, for what changed after `since`, and changes nothing.
Reason: a part looks the same whoever changed it, and a new kind of page touches no other.
Price: a fragment that is not stamped with a version is sent on each change of the project.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from speech.htmx import StudioRequest
from speech.models import Project
from speech.views.news import listed, listening, mine, review, studio, sweeps
from speech.views.news.activity import news as activity_news
from speech.views.news.deliveries import news as deliveries_news

News = Callable[[StudioRequest, Project, int], str]
"""(request, project, since) → fragments."""
MyNews = Callable[[StudioRequest], str]
"""For pages without a project: request → the fragments as they are now."""


def nothing(request: StudioRequest, project: Project, since: int) -> str:
    """Of a page that shows nothing of the project that moves; its header still does."""
    return ""


KINDS: Mapping[str, News] = MappingProxyType(
    {
        "line": studio.news,
        "history": listed.news,
        "compare": listed.news,
        "detail": listed.news,
        "activity": activity_news,
        "deliveries": deliveries_news,
        "review": review.news,
        "aside": nothing,
        "tests": listening.listed,
        "listening": listening.news,
        "sweep": sweeps.news,
    }
)
ME_KINDS: Mapping[str, MyNews] = MappingProxyType(
    {
        "notices": mine.notices,
        "projects": mine.projects,
        "queue": review.queue,
    }
)
