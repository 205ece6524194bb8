from __future__ import annotations

from django.urls import path

from speech.views import reference

urlpatterns = [
    path("reference/", reference.reference, name="reference"),
    path("openapi.json", reference.openapi, name="openapi"),
]
