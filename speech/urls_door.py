from __future__ import annotations

from django.urls import path

from speech.views import keys, reference

urlpatterns = [
    path("reference/", reference.reference, name="reference"),
    path("openapi.json", reference.openapi, name="openapi"),
    path("p/<slug:slug>/keys/", keys.keys, name="keys"),
    path("p/<slug:slug>/keys/<int:pk>/budget/", keys.key_budget, name="key_budget"),
    path("p/<slug:slug>/keys/<int:pk>/revoke/", keys.key_revoke, name="key_revoke"),
]
