from __future__ import annotations

from django.urls import path

from speech.views import (
    engine_room,
    links,
    people,
    project_admin,
    session,
    settings,
    studio_rights,
)

urlpatterns = [
    path("sign-in/", session.sign_in, name="sign_in"),
    path("sign-out/", session.sign_out, name="sign_out"),
    path("forgot/", session.forgot, name="forgot"),
    path("link/<str:token>/", links.link, name="link"),
    path("account/", session.account, name="account"),
    path("account/password/", session.account_password, name="account_password"),
    path("people/", people.people, name="people"),
    path("people/<int:pk>/deactivate/", people.person_deactivate, name="person_deactivate"),
    path("people/<int:pk>/reactivate/", people.person_reactivate, name="person_reactivate"),
    path("people/<int:pk>/reset/", people.person_reset, name="person_reset"),
    path(
        "people/<int:pk>/administrator/", people.person_administrator, name="person_administrator"
    ),
    path("people/<int:pk>/rights/", studio_rights.person_rights, name="person_rights"),
    path("people/rights/", studio_rights.studio_rights, name="studio_rights"),
    path("people/rights/limits/", studio_rights.studio_limits, name="studio_limits"),
    path("people/rights/seen/", studio_rights.rights_acknowledge, name="rights_acknowledge"),
    path("settings/", settings.settings, name="settings"),
    path("settings/engines/<slug:key>/", settings.engine_state, name="engine_state"),
    path("settings/engines/<slug:key>/check/", settings.engine_check, name="engine_check"),
    path("settings/engines/<slug:key>/status/", engine_room.engine_status, name="engine_status"),
    path("settings/engines/<slug:key>/pause/", engine_room.engine_pause, name="engine_pause"),
    path("settings/engines/<slug:key>/resume/", engine_room.engine_resume, name="engine_resume"),
    path("settings/doubts/", engine_room.doubts_settle, name="doubts_settle"),
    path("p/<slug:slug>/settings/", project_admin.project_settings, name="project_settings"),
    path("p/<slug:slug>/members/<int:pk>/role/", project_admin.member_role, name="member_role"),
    path(
        "p/<slug:slug>/members/<int:pk>/remove/",
        project_admin.member_remove,
        name="member_remove",
    ),
    path("p/<slug:slug>/invite/", project_admin.invite, name="invite"),
    path(
        "p/<slug:slug>/invitations/<int:pk>/revoke/",
        project_admin.invite_revoke,
        name="invite_revoke",
    ),
    path("p/<slug:slug>/archive/", project_admin.project_archive, name="project_archive"),
    path("p/<slug:slug>/delete/", project_admin.project_delete, name="project_delete"),
]
