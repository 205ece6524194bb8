from __future__ import annotations

from django.urls import path

from speech.views import activity

urlpatterns = [
    path("p/<slug:slug>/activity/", activity.activity, name="activity"),
    path("p/<slug:slug>/activity/csv/", activity.activity_csv, name="activity_csv"),
]
