from __future__ import annotations

from django.urls import path

from speech.views import comments, guests

urlpatterns = [
    path("takes/<int:pk>/comments/", comments.take_comment, name="take_comment"),
    path("takes/<int:pk>/names/", comments.take_names, name="take_names"),
    path("comments/<int:pk>/resolve/", comments.comment_resolve, name="comment_resolve"),
    path("comments/<int:pk>/delete/", comments.comment_delete, name="comment_delete"),
    path("takes/<int:pk>/guests/", guests.guest_link_make, name="guest_link_make"),
    path("guest-links/<int:pk>/revoke/", guests.guest_link_revoke, name="guest_link_revoke"),
    path("guest/<str:token>/", guests.guest, name="guest"),
    path("guest/<str:token>/comment/", guests.guest_comment, name="guest_comment"),
    path("guest/<str:token>/sound/", guests.guest_sound, name="guest_sound"),
    path("guest/<str:token>/changes/", guests.guest_changes, name="guest_changes"),
]
