from __future__ import annotations

from django.urls import path

from speech.views import sweeps, takes

urlpatterns = [
    path("p/<slug:slug>/sweeps/", sweeps.sweeps, name="sweeps"),
    path("p/<slug:slug>/lines/<int:pk>/sweep/", sweeps.sweep_new, name="sweep_new"),
    path("sweeps/<int:pk>/", sweeps.sweep, name="sweep"),
    path("sweeps/<int:pk>/stop/", sweeps.sweep_stop, name="sweep_stop"),
    path("takes/<int:pk>/cancel/", takes.take_cancel, name="take_cancel"),
    path("p/<slug:slug>/waiting/cancel/", takes.waiting_cancel, name="waiting_cancel"),
]
