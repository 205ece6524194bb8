from __future__ import annotations

from django.urls import path

from speech.views import reviews

urlpatterns = [
    path("review/<int:pk>/", reviews.review, name="review"),
]
