"""A person's notices, and which kinds of them they want."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.template.loader import render_to_string
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST, require_safe

from speech.forms.notices import NoticeKindsForm
from speech.htmx import StudioRequest, changes, wants_changes
from speech.queries import notices as queries
from speech.services import notices as service
from speech.templatetags.live import counts_of
from speech.views import parts


@require_safe
def notices(request: StudioRequest) -> HttpResponse:
    before = parts.number_asked(request, "before")
    context = {"page": queries.notice_page(request.user, before=before), "before": before}
    return render(request, "notices/page.html", context)


@require_POST
def notice_open(request: StudioRequest, pk: int) -> HttpResponse:
    """Mark it read and go where it leads; a page that follows the link itself only marks."""
    notice = get_object_or_404(queries.notices_of(request.user), pk=pk)
    service.read_notice(request.user, notice=notice)
    if wants_changes(request):
        request.user.refresh_from_db(fields=["news"])
        notice.refresh_from_db()
        html = render_to_string("notices/_notice.html", {"notice": notice}, request)
        return changes(html + render_to_string("_counts.html", counts_of(request.user)))
    own = notice.path.startswith("/") and url_has_allowed_host_and_scheme(notice.path, None)
    return redirect(notice.path if own else "speech:notices")


@require_POST
def notices_read(request: StudioRequest) -> HttpResponse:
    raw = request.POST.get("up_to", "")
    service.read_all(request.user, up_to=int(raw[:18]) if raw.isdecimal() else 0)
    return redirect("speech:notices")


@require_POST
def account_notices(request: StudioRequest) -> HttpResponse:
    form = NoticeKindsForm(request.POST, person=request.user)
    if not form.is_valid():
        messages.error(request, "This kind of notice is unknown. Nothing was changed.")
        return redirect("speech:account")
    service.choose_kinds(
        request.user, app=form.cleaned_data["app"], letters=form.cleaned_data.get("mail")
    )
    messages.success(request, "Saved: these are the notices that you get from now on.")
    return redirect("speech:account")
