"""Whether what was pressed was drawn for the line that it would act on.

Rule: what costs money or changes a line carries the id of its line (a hidden field in each part of
the form, a value on each button), beside the address that it is sent to; where they differ nothing
is made. Reason: a page is put together from parts, by navigation and by news, and a take of the
wrong line is money spent on what nobody asked for. Price: one more field. A program that sends none
has named the line by the address.
"""

from __future__ import annotations

from http import HTTPStatus

from django.contrib import messages
from django.http import HttpResponse
from django.utils.http import url_has_allowed_host_and_scheme
from django_htmx.http import HttpResponseLocation

from speech.htmx import StudioRequest, wants_changes
from speech.models import Line
from speech.views import parts

OTHER_LINE = (
    "That button was drawn for another line, so nothing was made and nothing was charged."
    " The page is up to date now; please try again."
)


def is_for_another(request: StudioRequest, line_id: int) -> bool:
    return any(given != str(line_id) for given in request.POST.getlist("line"))


def refuse(request: StudioRequest, found: Line) -> HttpResponse:
    """Says so, and shows the page anew: the one that the person is on."""
    messages.warning(request, OTHER_LINE)
    if not wants_changes(request):
        return parts.show_studio(request, found.project, found, status=HTTPStatus.CONFLICT)
    shown = request.htmx.current_url_abs_path or ""
    if not url_has_allowed_host_and_scheme(shown, None):
        shown = found.get_absolute_url()
    response = HttpResponseLocation(shown, target="#content", select="#content", swap="outerHTML")
    response.status_code = HTTPStatus.CONFLICT
    response.content = OTHER_LINE.encode()
    return response
