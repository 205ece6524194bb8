from __future__ import annotations

from importlib.util import find_spec

from django.urls import URLPattern, URLResolver, include, path

from speech.views import compare, feed, history, lines, projects, scripts, takes
from speech.views.health import healthz

app_name = "speech"
urlpatterns: list[URLPattern | URLResolver] = [
    path("healthz", healthz, name="healthz"),
    path("", projects.projects, name="projects"),
    path("p/new/", projects.project_new, name="project_new"),
    path("p/<slug:slug>/", projects.project, name="project"),
    path("p/<slug:slug>/lines/add/", scripts.line_add, name="line_add"),
    path("p/<slug:slug>/lines/paste/", scripts.line_paste, name="line_paste"),
    path("p/<slug:slug>/lines/<int:pk>/", lines.line, name="line"),
    path("p/<slug:slug>/lines/<int:pk>/edit/", lines.line_edit, name="line_edit"),
    path("p/<slug:slug>/lines/<int:pk>/cut/", scripts.line_cut, name="line_cut"),
    path("p/<slug:slug>/lines/<int:pk>/setup/", lines.line_setup, name="line_setup"),
    path("p/<slug:slug>/lines/<int:pk>/move/", lines.line_move, name="line_move"),
    path("p/<slug:slug>/lines/<int:pk>/delete/", lines.line_delete, name="line_delete"),
    path("p/<slug:slug>/lines/<int:pk>/restore/", lines.line_restore, name="line_restore"),
    path("p/<slug:slug>/lines/<int:pk>/generate/", lines.generate, name="generate"),
    path("p/<slug:slug>/takes/", history.history, name="history"),
    path("p/<slug:slug>/changes/", feed.changes, name="changes"),
    path("p/<slug:slug>/compare/", compare.compare, name="compare"),
    path("p/<slug:slug>/unknowns/", takes.unknowns_settle, name="unknowns_settle"),
    path("takes/<int:pk>/", takes.take, name="take"),
    path("takes/<int:pk>/star/", takes.take_star, name="take_star"),
    path("takes/<int:pk>/archive/", takes.take_archive, name="take_archive"),
    path("takes/<int:pk>/choose/", takes.take_choose, name="take_choose"),
    path("takes/<int:pk>/retry/", takes.take_retry, name="take_retry"),
    path("takes/<int:pk>/again/", takes.take_submit_again, name="take_submit_again"),
    path("takes/<int:pk>/dismiss/", takes.take_dismiss, name="take_dismiss"),
    *(
        path("", include(name))
        for name in (
            "speech.urls_people",
            "speech.urls_voices",
            "speech.urls_tests",
            "speech.urls_comments",
            "speech.urls_review",
            "speech.urls_records",
            "speech.urls_live",
            "speech.urls_api",
            "speech.urls_door",
            "speech.urls_sweeps",
            "speech.urls_money",
        )
        if find_spec(name)
    ),
]
