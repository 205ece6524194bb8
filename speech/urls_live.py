from __future__ import annotations

from django.urls import path

from speech.views import feed, notices

urlpatterns = [
    path("me/changes/", feed.my_changes, name="my_changes"),
    path("p/<slug:slug>/leave/", feed.leave, name="presence_leave"),
    path("notices/", notices.notices, name="notices"),
    path("notices/read/", notices.notices_read, name="notices_read"),
    path("notices/<int:pk>/open/", notices.notice_open, name="notice_open"),
    path("account/notices/", notices.account_notices, name="account_notices"),
]
