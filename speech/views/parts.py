"""What several pages draw: the studio, and the fragments that bring a page up to date."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseRedirectBase
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.utils.http import url_has_allowed_host_and_scheme

from speech import access
from speech.access import Can
from speech.catalog import DELIVERY_TAGS, ENGINES, SOUND_TAGS, SPOKEN_CHARACTERS_PER_SECOND
from speech.forms.lines import LineForm, engine_keys
from speech.htmx import StudioRequest
from speech.models import Line, Project, Take, User
from speech.params import SEED_MAX, TEXT_REFUSED_OVER, TEXT_WARNED_OVER
from speech.pauses import pause_of
from speech.queries import budgets, script
from speech.queries import takes as take_queries
from speech.queries.deciding import Deciding, deciding
from speech.queries.doubts import MOST
from speech.queries.fallen import fallen_of
from speech.queries.reviews import approvals_of
from speech.queries.waiting import queue_of
from speech.services.doubts import Settled
from speech.states import JobState
from speech.templatetags.budgets import budget_context
from speech.templatetags.studio import about, plural
from speech.views.answers import actor

VIEWS = frozenset(
    {
        "activity",
        "deliveries",
        "line",
        "history",
        "compare",
        "detail",
        "review",
        "listening",
        "sweep",
        "tests",
        "aside",
    }
)
"""Where a card is drawn; it decides what the card says about its surroundings."""


DECIDED_ON: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "detail": ("_standing", "_decide"),
        "review": ("_standing", "_text", "_decide"),
        "compare": ("_standing", "_decide"),
    }
)
"""Pages on which takes are decided about, and the fragments of `reviews/` that they show."""


def abilities(user: User, project: Project) -> dict[str, bool]:
    """`can.edit`, `can.generate` … for templates. One query."""
    can = access.capabilities(user, project)
    return {capability.name.lower(): capability in can for capability in Can}


def engines() -> tuple[str, ...]:
    return engine_keys(segmind=bool(settings.SEGMIND_API_KEY))


def get_line(request: StudioRequest, slug: str, pk: int, need: Can = Can.LISTEN) -> Line:
    """The line at this address; 404 where it belongs to another project."""
    line = access.get_line(request.user, pk, need)
    if line.project.slug != slug:
        raise Http404
    return line


def show_studio(
    request: StudioRequest,
    project: Project,
    line: Line | None,
    *,
    at: str = "line",
    form: LineForm | None = None,
    status: int = 200,
    **more: Any,
) -> HttpResponse:
    """The project's page with `line` selected."""
    rows = script.line_rows(project, script.live_lines(project))
    context = {
        "project": project,
        "rows": rows,
        "at": at,
        "warned_over": TEXT_WARNED_OVER,
        "can": abilities(request.user, project),
        **banners(project),
        "money": budgets.standing(project) if project.budget is not None else None,
        **(panel(line, form=form, before=number_asked(request, "before")) if line else {}),
        **more,
    }
    return render(request, "projects/page.html", context, status=status)


def panel(
    line: Line,
    *,
    form: LineForm | None = None,
    tweak: Take | None = None,
    before: int | None = None,
) -> dict[str, Any]:
    """What the selected line's part of the page draws."""
    return {
        "line": line,
        "form": form or LineForm(line=line, engines=engines(), tweak=tweak),
        "tweak": tweak,
        "page": take_queries.page_of_line(line, before=before),
        "before": before,
        **standing_of_line(line),
        "view": "line",
        **panel_words(),
    }


def standing_of_line(line: Line) -> dict[str, Any]:
    """Its approval, or why that fell. At most four queries, one where nothing was ever decided."""
    approvals = approvals_of(line.pk) if line.chosen_take_id else []
    return {"approvals": approvals, "fallen": None if approvals else fallen_of(line)}


def panel_words() -> dict[str, Any]:
    cards = [ENGINES[key] for key in engines()]
    return {
        "engines": cards,
        "main_engine": cards[0],
        "draft_beside": next((card for card in cards[1:] if card.is_draft), None),
        "sound_tags": SOUND_TAGS,
        "delivery_tags": DELIVERY_TAGS,
        "speed": SPOKEN_CHARACTERS_PER_SECOND,
        "warned_over": TEXT_WARNED_OVER,
        "refused_over": TEXT_REFUSED_OVER,
        "seed_max": SEED_MAX,
    }


def banners(project: Project) -> dict[str, Any]:
    keys = engines()
    found = script.troubled_engines()
    paused = [(state, pause_of(state.pause_code)) for state in found if state.key in keys]
    queue = queue_of(project)
    return {
        "doubt": script.in_doubt(project),
        "paused": paused,
        "waiting": budgets.waiting(project) if queue.over_budget else None,
        "queue": queue,
    }


def fragments(
    request: HttpRequest,
    project: Project,
    *,
    can: dict[str, bool],
    takes: Iterable[take_queries.TakeCard] = (),
    rows: Sequence[script.LineRow] = (),
    view: str = "line",
    selected: int | None = None,
) -> str:
    """Cards, rows and banners as the page includes them, ready to be put in place."""
    shared = {"project": project, "can": can, "view": view, "selected": selected}
    takes, html = list(takes), list[str]()
    found = deciding(actor(request), project, takes) if view in DECIDED_ON else {}
    shared["deciding"] = found
    for card in takes:
        if view == "review":
            break
        about = {**shared, "card": card, "take": card.take}
        html.append(render_to_string("takes/_card.html", about, request))
        html += _comments(about, request)
    html.append(decide_parts(request, project, takes, can=can, view=view, found=found))
    if view == "line":
        html += [
            render_to_string("lines/_row.html", {**shared, "row": row, "count": 0}, request)
            for row in rows
        ]
    html.append(render_to_string("projects/_banners.html", {**shared, **banners(project)}, request))
    if project.budget is not None:
        money = budget_context(project)
        html.append(render_to_string("projects/_budget.html", money, request))
        html += [render_to_string("lines/_room.html", money, request)] if view == "line" else []
    return "".join(html)


def waiting_parts(
    request: HttpRequest, project: Project, takes: QuerySet[Take], *, most: int
) -> str:
    """Of the newest that are queued, why they wait: an engine that pauses changes no take, but
    every card that waits for it."""
    queued = takes.filter(project=project, state=JobState.QUEUED).order_by("-id")
    shown = take_queries.cards(queued[:most])
    if not shown:
        return ""
    about = {"project": project, "can": abilities(actor(request), project)}
    return "".join(
        render_to_string("takes/_live.html", {**about, "card": card, "take": card.take}, request)
        for card in shown
    )


def decide_parts(
    request: HttpRequest,
    project: Project,
    takes: Sequence[take_queries.TakeCard],
    *,
    can: dict[str, bool],
    view: str,
    found: Mapping[int, Deciding] | None = None,
) -> str:
    """What is decided about these takes, where the page shows it; `found` if known already."""
    names = DECIDED_ON.get(view, ())
    if found is None:
        found = deciding(actor(request), project, takes) if names else {}
    queue = request.POST.get("queue", request.GET.get("queue", ""))
    html: list[str] = []
    for card in takes if names else ():
        about = {
            "card": card, "take": card.take, "project": project, "can": can, "view": view,
            "decide": found[card.take.pk], "filters": {"query": queue},
        }  # fmt: skip
        html += [render_to_string(f"reviews/{name}.html", about, request) for name in names]
        html += _comments(about, request) if view == "review" else []
    return "".join(html)


def _comments(about: dict[str, Any], request: HttpRequest) -> list[str]:
    """What is said about a take, thread by thread: it comes also where the card has to wait until
    somebody has finished typing in it."""
    card, view = about["card"], about["view"]
    if view not in {"line", "history", "detail", "review"}:
        return []
    whole = view in {"detail", "review"}
    box = [render_to_string("comments/_box.html", about, request)] if whole else []
    threads = [
        render_to_string("comments/_thread.html", {**about, "thread": thread}, request)
        for thread in card.threads
    ]
    gone = [render_to_string("comments/_gone.html", {"pk": pk}) for pk in card.gone_threads]
    return [*box, *threads, *gone]


def rows_of(project: Project, *ids: int) -> list[script.LineRow]:
    return script.line_rows(project, script.live_lines(project).filter(pk__in=ids))


def cards_of(*ids: int) -> list[take_queries.TakeCard]:
    return take_queries.cards(take_queries.base().filter(pk__in=ids).order_by("id"))


def back(request: HttpRequest, otherwise: str) -> HttpResponseRedirectBase:
    """To the page that the form stood on, or `otherwise`; never to another site."""
    came_from = request.headers.get("Referer", "")
    if url_has_allowed_host_and_scheme(came_from, {request.get_host()}):
        parts = urlsplit(came_from)
        return redirect(parts.path + (f"?{parts.query}" if parts.query else ""))
    return redirect(otherwise)


def view_name(request: HttpRequest) -> str:
    name = request.POST.get("view") or request.GET.get("view") or "line"
    return name if name in VIEWS else "line"


def numbers_given(text: str) -> list[int]:
    """What a form passes on as "3,14,15"; whatever is no key is passed over."""
    found = text.split(",")
    return [int(one) for one in found if one.isascii() and one.isdigit() and len(one) < 19][:MOST]


def settled_sentence(settled: Settled, *, again: bool, asked: int) -> str:
    """What became of takes in doubt: how many, and the sum."""
    many = plural(settled.takes, "take")
    where = f" in {settled.projects} projects" if settled.projects > 1 else ""
    done = "submitted again" if again else "dismissed"
    cost = f", {about(float(settled.cost))} together" if settled.cost else ""
    left = asked - settled.takes
    rest = f" {plural(left, 'take')} had been decided on meanwhile." if left > 0 else ""
    return f"{many}{where} {done}{cost}.{rest}"


def number_asked(request: HttpRequest, name: str) -> int | None:
    raw = request.GET.get(name, "")
    return int(raw) if raw.isascii() and raw.isdigit() and len(raw) < 19 else None
