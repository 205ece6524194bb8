from __future__ import annotations

from django.urls import path

from speech.views import media, voices

urlpatterns = [
    path("voices/", voices.voices, name="voices"),
    path("voices/add/", voices.voice_add, name="voice_add"),
    path("voices/<int:pk>/", voices.voice, name="voice"),
    path("voices/<int:pk>/state/", voices.voice_state, name="voice_state"),
    path("voices/<int:pk>/edit/", voices.voice_edit, name="voice_edit"),
    path("voices/<int:pk>/consent/", voices.voice_consent, name="voice_consent"),
    path("voices/<int:pk>/recheck/", voices.voice_recheck, name="voice_recheck"),
    path("voices/<int:pk>/archive/", voices.voice_archive, name="voice_archive"),
    path("voices/<int:pk>/delete/", voices.voice_delete, name="voice_delete"),
    path("media/takes/<int:pk>.flac", media.take_audio, name="take_audio"),
    path("takes/<int:pk>/download", media.take_download, name="take_download"),
    path("media/voices/<int:pk>.flac", media.voice_audio, name="voice_audio"),
]
