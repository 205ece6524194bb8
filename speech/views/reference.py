"""The reference page, for everybody with an account, and the document of the API, for all."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from speech.queries import reference as reading
from speech.views.answers import base_url
from speech.wire.openapi import document


@require_safe
def reference(request: HttpRequest) -> HttpResponse:
    patience = reading.Patience(
        kept=settings.API_RESULT_SECONDS,
        heard=settings.API_OUTPUT_SECONDS,
        held=settings.API_WAIT_SECONDS,
    )
    context = reading.reference(base_url=base_url(request), patience=patience)
    return render(request, "reference/page.html", context)


@login_not_required
@require_safe
def openapi(request: HttpRequest) -> HttpResponse:
    told = document(base_url=base_url(request), kept_seconds=settings.API_RESULT_SECONDS)
    return JsonResponse(told, json_dumps_params={"indent": 1})
