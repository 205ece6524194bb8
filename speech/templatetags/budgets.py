"""How a project stands with its budget, where pages draw it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import template

from speech.catalog import ENGINES
from speech.models import Project
from speech.queries.budgets import Standing, standing

register = template.Library()


@register.inclusion_tag("projects/_budget.html", takes_context=True)
def budget_mark(context: dict[str, Any], project: Project) -> dict[str, Any]:
    """What is used of the budget; nothing where there is none. One query, or none."""
    return budget_context(project, known=context.get("money"))


@register.inclusion_tag("lines/_room.html", takes_context=True)
def room_note(context: dict[str, Any], project: Project) -> dict[str, Any]:
    """What the Generate button says where the budget does not cover what is asked for."""
    return budget_context(project, known=context.get("money"))


def budget_context(project: Project, *, known: Standing | None = None) -> dict[str, Any]:
    """`known`: how it stands, where the page has asked already."""
    if project.budget is None:
        return {"project": project, "standing": None}
    found = known or standing(project)
    dearest = Decimal(str(max(card.price for card in ENGINES.values())))
    return {"project": project, "standing": found, "short": (found.left or 0) < dearest}
