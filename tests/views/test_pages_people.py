"""Who may open what: every address of people, voices, settings and media, for everybody."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.test import Client
from django.urls import reverse

from speech import urls_people, urls_voices
from speech.services.links import issue_invitation
from speech.states import Role
from tests import factories

ROLES = ("owner", "producer", "reviewer", "viewer", "stranger", "administrator")

# Address → method → the roles that get past the door. Everybody else gets 404 (strangers to the
# thing) or 403 (members without the right), and somebody who is not signed in gets the door.
MEMBERS = {"owner", "producer", "reviewer", "viewer", "administrator"}
MAKERS = {"owner", "producer", "administrator"}
OWNERS = {"owner", "administrator"}
ADMINISTRATORS = {"administrator"}
DOORS: dict[str, dict[str, set[str]]] = {
    "account": {"GET": set(ROLES)},
    "account_password": {"POST": set(ROLES)},
    "people": {"GET": ADMINISTRATORS},
    "person_deactivate": {"POST": ADMINISTRATORS},
    "person_reactivate": {"POST": ADMINISTRATORS},
    "person_reset": {"POST": ADMINISTRATORS},
    "person_administrator": {"POST": ADMINISTRATORS},
    "settings": {"GET": ADMINISTRATORS},
    "engine_state": {"GET": ADMINISTRATORS},
    "engine_check": {"POST": ADMINISTRATORS},
    "engine_resume": {"POST": ADMINISTRATORS},
    "engine_status": {"GET": ADMINISTRATORS},
    "engine_pause": {"POST": ADMINISTRATORS},
    "doubts_settle": {"GET": ADMINISTRATORS, "POST": ADMINISTRATORS},
    "project_settings": {"GET": MEMBERS, "POST": OWNERS},
    "member_role": {"POST": OWNERS},
    "member_remove": {"POST": OWNERS},
    "invite": {"POST": OWNERS},
    "invite_revoke": {"POST": OWNERS},
    "project_archive": {"POST": OWNERS},
    "project_delete": {"GET": OWNERS},
    "voices": {"GET": MEMBERS},
    "voice": {"GET": MEMBERS},
    "voice_state": {"GET": MEMBERS},
    "voice_add": {"GET": MAKERS, "POST": MAKERS},
    "voice_edit": {"GET": MAKERS, "POST": MAKERS},
    "voice_recheck": {"POST": MAKERS},
    "voice_consent": {"POST": MAKERS},
    "voice_archive": {"POST": MAKERS},
    "voice_delete": {"GET": MAKERS},
    "take_audio": {"GET": MEMBERS},
    "take_download": {"GET": MEMBERS},
    "voice_audio": {"GET": MEMBERS},
}
WITHOUT_SIGN_IN = {"sign_in", "forgot", "link"}
CASES = [
    (name, method, role) for name, methods in DOORS.items() for method in methods for role in ROLES
]


@pytest.fixture
def house(cast: SimpleNamespace) -> SimpleNamespace:
    line = factories.make_line(cast.project)
    voice = factories.make_voice(clip=_store("voices/1/clip.flac"))
    take = factories.make_take(line, voice=voice, audio=_store("takes/1/take.flac"))
    somebody = factories.make_user("somebody")
    member = factories.add_member(cast.project, somebody, Role.VIEWER)
    link = issue_invitation(cast.owner, project=cast.project, role="viewer").link
    slug = cast.project.slug
    return SimpleNamespace(
        cast=cast,
        arguments={
            **dict.fromkeys(
                ("account", "account_password", "people", "settings", "doubts_settle"), ()
            ),
            **dict.fromkeys(("voices", "voice_add"), ()),
            **{n: (somebody.pk,) for n in DOORS if n.startswith("person_")},
            **{n: ("draft",) for n in DOORS if n.startswith("engine_")},
            **{n: (slug,) for n in DOORS if n.startswith("project_")},
            **dict.fromkeys(("member_role", "member_remove"), (slug, member.pk)),
            "invite": (slug,),
            "invite_revoke": (slug, link.pk),
            **{n: (voice.pk,) for n in DOORS if n.startswith("voice_") and n != "voice_add"},
            "voice": (voice.pk,),
            **dict.fromkeys(("take_audio", "take_download"), (take.pk,)),
        },
    )


def _store(name: str) -> str:
    return default_storage.save(name, ContentFile(b"fLaC and then some"))


@pytest.mark.parametrize(("name", "method", "role"), CASES)
def test_it_lets_in_exactly_the_roles_of_the_table(
    house: SimpleNamespace, client: Client, name: str, method: str, role: str
) -> None:
    client.force_login(getattr(house.cast, role))
    response = _ask(client, name, method, house)
    if role in DOORS[name][method]:
        assert response.status_code in {200, 302, 422}
    elif role == "stranger":
        assert response.status_code == 404
    else:
        assert response.status_code == 403


@pytest.mark.parametrize("name", DOORS)
def test_it_shows_the_door_to_whoever_is_not_signed_in(
    house: SimpleNamespace, client: Client, name: str
) -> None:
    for method in DOORS[name]:
        response = _ask(client, name, method, house)
        assert response.status_code == 302
        assert response["Location"].startswith("/sign-in/?next=")


@pytest.mark.parametrize("name", DOORS)
def test_it_refuses_other_verbs(house: SimpleNamespace, client: Client, name: str) -> None:
    client.force_login(house.cast.administrator)
    url = reverse(f"speech:{name}", args=house.arguments[name])
    assert client.delete(url).status_code == 405
    if "GET" not in DOORS[name]:
        assert client.get(url).status_code == 405


def test_every_address_of_these_rooms_is_in_the_table() -> None:
    names = {pattern.name for pattern in (*urls_people.urlpatterns, *urls_voices.urlpatterns)}
    assert names == set(DOORS) | WITHOUT_SIGN_IN | {"sign_out"}


def _ask(client: Client, name: str, method: str, house: SimpleNamespace) -> Any:
    url = reverse(f"speech:{name}", args=house.arguments[name])
    return client.post(url) if method == "POST" else client.get(url)
