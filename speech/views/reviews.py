from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_safe

from speech import access
from speech.htmx import StudioRequest


@require_safe
def review(request: StudioRequest, pk: int) -> HttpResponse:
    return redirect(access.get_take(request.user, pk))
