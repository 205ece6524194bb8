from __future__ import annotations

from django.urls import path

from speech.views import activity, deliveries

urlpatterns = [
    path("p/<slug:slug>/activity/", activity.activity, name="activity"),
    path("p/<slug:slug>/activity/csv/", activity.activity_csv, name="activity_csv"),
    path("p/<slug:slug>/deliveries/", deliveries.deliveries, name="deliveries"),
    path("p/<slug:slug>/deliveries/make/", deliveries.delivery_make, name="delivery_make"),
    path(
        "p/<slug:slug>/deliveries/<int:number>/download/",
        deliveries.delivery_download,
        name="delivery_download",
    ),
    path(
        "p/<slug:slug>/deliveries/<int:number>/remove/",
        deliveries.delivery_remove,
        name="delivery_remove",
    ),
]
