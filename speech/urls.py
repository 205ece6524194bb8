from __future__ import annotations

from django.urls import path

from speech.views.health import healthz

app_name = "speech"
urlpatterns = [path("healthz", healthz, name="healthz")]
