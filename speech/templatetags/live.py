"""What every signed-in page shows of others: who is here, what is unread, what waits."""

from __future__ import annotations

from typing import Any

from django import template

from speech.models import Project, User
from speech.queries import engines, notices, presence, reviews

register = template.Library()


def counts_of(user: User) -> dict[str, Any]:
    """What `_counts.html` draws. Three queries: notices, takes, listening tests; at most two more
    for an administrator."""
    waiting = reviews.waiting_count(user)
    return {
        "news": user.news,
        "alarm": user.is_administrator and engines.alarms(),
        "unread": notices.unread_count(user),
        "waiting": waiting,
        "waiting_said": reviews.counted(waiting),
    }


@register.inclusion_tag("_counts.html", takes_context=True)
def counts(context: dict[str, Any]) -> dict[str, Any]:
    return {**counts_of(context["user"]), "request": context.get("request")}


@register.inclusion_tag("_people_here.html", takes_context=True)
def people_here(context: dict[str, Any]) -> dict[str, Any]:
    """Faces of the others in the project that the page is about; nothing elsewhere. One query."""
    project = context.get("project")
    if not isinstance(project, Project):
        return {"project": None}
    return {"project": project, "here": presence.here(project, context["user"])}
