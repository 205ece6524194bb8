"""What tests of running studios need: a project with a key, a ready voice, and rows looked at."""

from __future__ import annotations

import base64
from dataclasses import dataclass

from tests.audio.sounds import encoded, voice
from tests.studio_process import Studio, wait_until

SLUG = "chatterbox-turbo-tts"
VOICE = "https://example.com/amara.wav"


@dataclass(frozen=True, kw_only=True)
class Door:
    """One project of a running studio, as somebody with a key and somebody signed in see it."""

    studio: Studio
    key: str
    slug: str
    session: str

    @property
    def headers(self) -> dict[str, str]:
        return {"x-api-key": self.key}

    @property
    def page(self) -> str:
        return f"{self.studio.url}/p/{self.slug}/"

    @property
    def cookies(self) -> dict[str, str]:
        return {"takeroom_session": self.session}


def open_door(studio: Studio, *, per_minute: int = 10_000, engine: str = "") -> Door:
    """A project, its owner's session, a key, and a voice in the library whose address is known."""
    made = studio.run_python(
        """
        from django.test import Client
        from speech.services.keys import make_key
        from tests import factories
        owner = factories.make_user("ada")
        project = factories.make_project(owner=owner, name="Skyline")
        factories.make_voice(source_url=given["voice"])
        issued = make_key(owner, project=project, name="Render farm", engine=given["engine"],
                          per_minute=given["per_minute"])
        client = Client(HTTP_HOST="localhost")
        client.force_login(owner)
        session = client.cookies["takeroom_session"].value
        result = {"key": issued.secret, "slug": project.slug, "session": session}
        """,
        voice=VOICE, per_minute=per_minute, engine=engine,
    )  # fmt: skip
    return Door(studio=studio, **made)


def add_voice(studio: Studio, *, kind: str = "mp3") -> int:
    """The key of a voice of the library with an uploaded clip that is checked and ready."""
    pk: int = studio.run_python(
        """
        import base64, io
        from speech.models import User
        from speech.services.voices import add_voice
        voice = add_voice(User.objects.first(), name="Bo", consent_by="Bo", consent_for="Films",
                          upload=io.BytesIO(base64.b64decode(given["clip"])))
        result = voice.pk
        """,
        clip=base64.b64encode(encoded(voice(8), kind)).decode(),
    )
    ready = "from speech.models import Voice; result = Voice.objects.get(pk=given['pk']).state"
    wait_until(lambda: studio.run_python(ready, pk=pk) == "ready", what="the clip is checked")
    return pk
