from __future__ import annotations

from django.urls import path

from speech.views import spending

urlpatterns = [
    path("p/<slug:slug>/spend/", spending.spend, name="spend"),
    path("p/<slug:slug>/spend/csv/", spending.spend_csv, name="spend_csv"),
    path("p/<slug:slug>/settings/budget/", spending.budget, name="budget"),
    path("settings/spend/", spending.studio_spend, name="studio_spend"),
    path("settings/spend/csv/", spending.studio_spend_csv, name="studio_spend_csv"),
]
