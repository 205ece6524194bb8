"""Taking away what was approved: what would go out, those made, their files."""

from __future__ import annotations

from asgiref.sync import sync_to_async
from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from speech import access
from speech.access import Can
from speech.exporting.names import package_name
from speech.htmx import StudioRequest
from speech.models import Delivery, Project
from speech.queries import deliveries as queries
from speech.queries.changes import release_connections
from speech.services import deliveries as service
from speech.states import DeliveryState
from speech.views import media, parts
from speech.views.answers import attempt


@require_safe
def deliveries(request: StudioRequest, slug: str) -> HttpResponse:
    """What a delivery would hold now and what is missing, and every one made so far."""
    project = access.get_project(request.user, slug)
    made = queries.made_before(project)
    context = {
        "project": project,
        "can": parts.abilities(request.user, project),
        "outlook": queries.outlook(project),
        "deliveries": made,
        "being_made": next((one for one in made if one.is_live), None),
    }
    return render(request, "deliveries/page.html", context)


@require_POST
def delivery_make(request: StudioRequest, slug: str) -> HttpResponse:
    project = access.get_project(request.user, slug, Can.EDIT)
    return attempt(
        request,
        lambda: service.ask_for_delivery(request.user, project=project),
        to=_url(project),
        said="Delivery asked for. Its entry in the list says when it is ready."
        " You may leave this page.",
    )


@require_POST
def delivery_remove(request: StudioRequest, slug: str, number: int) -> HttpResponse:
    """Throws the file away for good; asked for by a box that says so."""
    project = access.get_project(request.user, slug, Can.MANAGE)
    delivery = get_object_or_404(Delivery, project=project, number=number)
    if request.POST.get("sure") != "1":
        messages.error(request, "Say that you are sure: the file cannot be brought back.")
        return redirect(_url(project))
    return attempt(
        request,
        lambda: service.remove_delivery(request.user, delivery=delivery),
        to=_url(project),
        said=f"The file of delivery {number} is thrown away. Its entry stays.",
    )


@require_safe
async def delivery_download(request: StudioRequest, slug: str, number: int) -> HttpResponseBase:
    return await media.send(request, await sync_to_async(_file)(request, slug, number))


def _file(request: StudioRequest, slug: str, number: int) -> media.Sound:
    try:
        project = access.get_project(request.user, slug)
        delivery = get_object_or_404(Delivery, project=project, number=number)
        if delivery.state != DeliveryState.DONE or not delivery.file.name:
            raise Http404
        return media.Sound(
            name=delivery.file.name,
            mark=delivery.sha256,
            caching=media.ASK_AGAIN,
            download_as=f"{package_name(slug=project.slug, number=number)}.zip",
            content_type="application/zip",
        )
    finally:
        release_connections()


def _url(project: Project) -> str:
    return reverse("speech:deliveries", args=[project.slug])
