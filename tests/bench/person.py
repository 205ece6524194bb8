"""Somebody signed in, with a project of one line, in a real studio; over HTTP, like a browser."""

from __future__ import annotations

import time
from dataclasses import dataclass

import httpx

from tests.studio_process import Studio

MAKE = """
    from django.conf import settings
    from django.contrib.auth import HASH_SESSION_KEY, BACKEND_SESSION_KEY, SESSION_KEY
    from django.contrib.sessions.backends.db import SessionStore
    from tests import factories
    ada = factories.make_user("ada", is_superuser=True)
    project = factories.make_project(owner=ada, voice=factories.make_voice())
    line = factories.make_line(project, given["text"])
    session = SessionStore()
    session[SESSION_KEY] = str(ada.pk)
    session[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
    session[HASH_SESSION_KEY] = ada.get_session_auth_hash()
    session.create()
    result = {
        "slug": project.slug, "line": line.pk, "version": project.version,
        "cookies": {settings.SESSION_COOKIE_NAME: session.session_key},
    }
"""
MORE = """
    from django.conf import settings
    from django.contrib.auth import HASH_SESSION_KEY, BACKEND_SESSION_KEY, SESSION_KEY
    from django.contrib.sessions.backends.db import SessionStore
    from speech.models import Project
    from tests import factories
    project = Project.objects.get(slug=given["slug"])
    result = []
    for number in range(given["many"]):
        user = factories.make_user()
        factories.add_member(project, user, "reviewer")
        session = SessionStore()
        session[SESSION_KEY] = str(user.pk)
        session[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
        session[HASH_SESSION_KEY] = user.get_session_auth_hash()
        session.create()
        result.append({settings.SESSION_COOKIE_NAME: session.session_key})
"""
NEWEST_FINISHED = """
    import time
    from speech.models import Take
    from speech.states import FINISHED
    until = time.time() + given["within"]
    while time.time() < until:
        take = Take.objects.order_by("-pk").values("pk", "state").first()
        seen = time.time()
        if take and take["pk"] > given["after"] and take["state"] in FINISHED:
            assert take["state"] == "done", take
            result = [take["pk"], seen]
            break
        time.sleep(0.01)
"""


@dataclass(kw_only=True)
class Person:
    studio: Studio
    slug: str
    line: int
    version: int
    http: httpx.Client
    newest: int = 0

    def generate(self, text: str, engine: str) -> float:
        """Press Generate; the moment of pressing, in seconds since 1970."""
        data = {
            "text": text, "engine": engine, "count": "1", "seed": "",
            "csrfmiddlewaretoken": self.http.cookies["takeroom_csrf"],
        }  # fmt: skip
        began = time.time()
        answer = self.http.post(f"/p/{self.slug}/lines/{self.line}/generate/", data=data)
        assert answer.status_code in {200, 302}, answer.text[:2000]
        return began

    def wait_for_take(self, within: float = 60.0) -> float:
        """The moment at which the take that was asked for is done, for everybody to play."""
        self.newest, at = self.studio.run_python(NEWEST_FINISHED, after=self.newest, within=within)
        return float(at)


def sign_in(studio: Studio, text: str = "One line.") -> Person:
    made = studio.run_python(MAKE, text=text)
    http = httpx.Client(base_url=studio.url, cookies=made.pop("cookies"), timeout=30)
    person = Person(studio=studio, http=http, **made)
    page = http.get(f"/p/{person.slug}/")
    assert page.status_code == 200, page.status_code
    return person


def colleagues(person: Person, many: int) -> list[dict[str, str]]:
    """Cookies of `many` more people on the same project, each signed in."""
    found: list[dict[str, str]] = person.studio.run_python(MORE, slug=person.slug, many=many)
    return found
