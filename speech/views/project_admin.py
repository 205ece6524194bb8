"""A project's name, defaults and people; putting it away, and deleting it."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from speech.access import Can, capabilities, get_project
from speech.errors import BadInput, ParamErrors, WrongState
from speech.forms.money import BudgetForm
from speech.forms.project import InviteForm, ProjectForm
from speech.forms.reviews import PolicyForm, WordForm
from speech.models import Membership, MustSay, Project
from speech.queries.approval import policy_of
from speech.queries.budgets import standing
from speech.queries.disk import project_bytes
from speech.queries.keys import living_keys
from speech.queries.people import members, open_invitations
from speech.queries.voices import unlisted_count
from speech.services import links, mail, projects
from speech.services import members as membership
from speech.states import LIVE, LinkKind, Role
from speech.views.answers import actor, attempt, show_link, typed


@require_http_methods(["GET", "HEAD", "POST"])
def project_settings(request: HttpRequest, slug: str) -> HttpResponse:
    need = Can.MANAGE if request.method == "POST" else Can.LISTEN
    project = get_project(actor(request), slug, need)
    form = ProjectForm(typed(request), project=project)
    if request.method == "POST" and form.is_valid():
        try:
            _save(request, project, form)
        except ParamErrors as error:
            form.add_faults(error)
        except BadInput as error:
            form.add_error("name", error.sentence)
        else:
            messages.success(request, "Saved.")
            return redirect("speech:project_settings", slug)
    return settings_page(request, project, form=form, status=422 if form.errors else 200)


@require_POST
def member_role(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    project = get_project(actor(request), slug, Can.MANAGE)
    member = _member(project, pk)
    role = request.POST.get("role", "")
    return attempt(
        request,
        lambda: membership.set_role(actor(request), member=member, role=role),
        to=_settings_url(project),
        said=f"{member.user.label}’s role is changed.",
    )


@require_POST
def member_remove(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Owners remove people; everybody may leave."""
    project = get_project(actor(request), slug)
    member = _member(project, pk)
    leaving = member.user_id == actor(request).pk
    if not leaving:
        get_project(actor(request), slug, Can.MANAGE)
    try:
        membership.remove_member(actor(request), member=member)
    except WrongState as error:
        messages.error(request, error.sentence)
        return redirect(_settings_url(project))
    if leaving:
        messages.success(request, f"You left “{project.name}”.")
        return redirect("speech:projects")
    messages.success(request, f"{member.user.label} is no longer on this project.")
    return redirect(_settings_url(project))


@never_cache
@require_POST
def invite(request: HttpRequest, slug: str) -> HttpResponse:
    project = get_project(actor(request), slug, Can.MANAGE)
    form = InviteForm(request.POST)
    if not form.is_valid():
        return settings_page(request, project, invite_form=form, status=422)
    given = form.cleaned_data
    issued = links.issue_invitation(
        actor(request), project=project, role=given["role"], note=given["note"]
    )
    mailed = bool(given["email"]) and mail.can_mail()
    if mailed and not links.mail_invitation(issued, to=given["email"]):
        mailed = False
        messages.error(request, "The e-mail could not be sent. Pass the link on yourself.")
    return show_link(
        request,
        issued,
        heading=f"An invitation to “{project.name}”",
        back=_settings_url(project),
        mailed_to=given["email"] if mailed else "",
    )


@require_POST
def invite_revoke(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    project = get_project(actor(request), slug, Can.MANAGE)
    link = get_object_or_404(project.links, pk=pk, kind=LinkKind.INVITATION)
    return attempt(
        request,
        lambda: links.revoke_link(actor(request), link=link),
        to=_settings_url(project),
        said="The invitation is taken back; its link no longer works.",
    )


@require_POST
def project_archive(request: HttpRequest, slug: str) -> HttpResponse:
    """Puts the project away; with `restore=1`, takes it out again."""
    project = get_project(actor(request), slug, Can.MANAGE)
    restore = request.POST.get("restore") == "1"
    act = projects.restore_project if restore else projects.archive_project
    return attempt(
        request,
        lambda: act(actor(request), project=project),
        to=_settings_url(project),
        said=f"“{project.name}” is {'back' if restore else 'archived'}.",
    )


@require_http_methods(["GET", "HEAD", "POST"])
def project_delete(request: HttpRequest, slug: str) -> HttpResponse:
    """A GET says what would go; the POST deletes it, and it cannot be brought back."""
    project = get_project(actor(request), slug, Can.MANAGE)
    if request.method == "POST":
        try:
            projects.delete_project(actor(request), project=project)
        except WrongState as error:
            messages.error(request, error.sentence)
            return redirect(_settings_url(project))
        messages.success(request, f"“{project.name}” is deleted, with all its takes.")
        return redirect("speech:projects")
    context = {
        "project": project,
        "lines": project.lines.filter(deleted_at=None).count(),
        "takes": project.takes.count(),
        "live_takes": project.takes.filter(state__in=LIVE).count(),
        "bytes": project_bytes(project),
        "unlisted": unlisted_count(project),
    }
    return render(request, "project_admin/delete.html", context)


def _save(request: HttpRequest, project: Project, form: ProjectForm) -> None:
    if form.cleaned_data["name"] != project.name:
        projects.rename_project(actor(request), project=project, name=form.cleaned_data["name"])
    projects.set_project_defaults(
        actor(request), project=project, tuning=form.tuning(), voice=form.cleaned_data["voice"]
    )


def settings_page(
    request: HttpRequest,
    project: Project,
    *,
    form: ProjectForm | None = None,
    invite_form: InviteForm | None = None,
    policy_form: PolicyForm | None = None,
    word_form: WordForm | None = None,
    budget_form: BudgetForm | None = None,
    changed_word: tuple[int, WordForm] | None = None,
    status: int = 200,
) -> HttpResponse:
    """The settings of a project; with a form that came back with faults, those too."""
    can = capabilities(actor(request), project)
    context: dict[str, Any] = {
        "project": project,
        "can_manage": Can.MANAGE in can,
        "can_edit": Can.EDIT in can,
        "can": {one.name.lower(): one in can for one in Can},
        "budget_form": budget_form or BudgetForm(project=project),
        "money": standing(project),
        "is_administrator": Can.ADMINISTER in can,
        "members": members(project),
        "roles": Role,
        "form": form or ProjectForm(project=project),
        "invite_form": invite_form or InviteForm(),
        "policy_form": policy_form or PolicyForm(project=project),
        "policy": policy_of(project),
        "words": _words(project, changed_word),
        "word_form": word_form or WordForm(),
        "can_mail": mail.can_mail(),
        "api_keys": living_keys(project) if Can.MANAGE in can else 0,
        "invitations": open_invitations(project) if Can.MANAGE in can else [],
        "bytes": project_bytes(project) if Can.ADMINISTER in can else 0,
    }
    return render(request, "project_admin/page.html", context, status=status)


def _words(
    project: Project, changed: tuple[int, WordForm] | None
) -> list[tuple[MustSay, WordForm, bool]]:
    """Each word with its form, and whether that is open."""
    rows = []
    for word in project.must_say.all():
        facts = {"word": word.word, "respelling": word.respelling, "note": word.note}
        form = WordForm(initial=facts, prefix=f"word{word.pk}")
        came_back = changed is not None and changed[0] == word.pk
        rows.append((word, changed[1] if changed and came_back else form, came_back))
    return rows


def _member(project: Project, pk: int) -> Membership:
    return get_object_or_404(Membership.objects.select_related("user"), pk=pk, project=project)


def _settings_url(project: Project) -> str:
    return reverse("speech:project_settings", args=[project.slug])
