from __future__ import annotations

from django.urls import path

from speech.views import listening

urlpatterns = [
    path("p/<slug:slug>/tests/", listening.tests, name="tests"),
    path("p/<slug:slug>/tests/new/", listening.test_new, name="test_new"),
    path("tests/<int:pk>/", listening.test, name="test"),
    path("tests/<int:pk>/sound/<str:letter>/", listening.test_sound, name="test_sound"),
    path("tests/<int:pk>/vote/", listening.test_vote, name="test_vote"),
    path("tests/<int:pk>/send/", listening.test_send, name="test_send"),
    path("tests/<int:pk>/discard/", listening.test_discard, name="test_discard"),
    path("tests/<int:pk>/close/", listening.test_close, name="test_close"),
]
