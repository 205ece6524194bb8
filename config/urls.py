from __future__ import annotations

from django.urls import include, path

urlpatterns = [path("", include("speech.urls"))]
handler404 = "speech.views.errors.not_found"
