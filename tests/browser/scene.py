"""Sets a scene in a running studio: people with a seat at their browser, projects, takes."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tests.browser.stage import Stage
from tests.browser.window import Window
from tests.studio_process import Studio, wait_until

PASSWORD = "a long enough word 42"

_PERSON = """
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.auth.hashers import make_password
from django.contrib.sessions.backends.db import SessionStore
from speech.models import Membership, User
user = User.objects.create(
    username=given["name"], email=given["name"] + "@example.com", is_superuser=given["root"],
    password=make_password(given["password"]),
)
for slug, role in given["roles"].items():
    from speech.models import Project
    Membership.objects.create(user=user, project=Project.objects.get(slug=slug), role=role)
session = SessionStore()
session[SESSION_KEY] = str(user.pk)
session[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
session[HASH_SESSION_KEY] = user.get_session_auth_hash()
session.create()
result = session.session_key
"""
_PROJECT = """
from speech.models import Project, Voice
from speech.services.scripts import paste_script
project = Project.objects.create(
    name=given["name"], slug=given["slug"], voice=Voice.objects.filter(is_demo=True).first()
)
text = "\\n\\n".join(given["lines"])
made = paste_script(None, project=project, script=text).lines if text else []
result = [line.pk for line in made]
"""
_TAKES = """
from speech.models import Line
from speech.services.takes import request_takes
line = Line.objects.get(pk=given["line"])
takes = request_takes(None, line=line, engine=given["engine"], count=given["count"],
                      seed=given["seed"], tuning=given["tuning"])
result = [take.pk for take in takes]
"""
_STATES = """
from speech.models import Take
result = list(Take.objects.filter(pk__in=given["takes"]).values_list("state", flat=True))
"""


@dataclass(frozen=True, kw_only=True)
class Set:
    """A project that a test owns."""

    slug: str
    lines: list[int]

    @property
    def path(self) -> str:
        return f"/p/{self.slug}/"

    def line(self, number: int = 1) -> str:
        """The address of the line that is the `number`th when the scene is set."""
        return f"{self.path}lines/{self.lines[number - 1]}/"


class Scene:
    """One studio and one stage. `windows` are closed by the fixture that made the scene."""

    def __init__(self, studio: Studio, stage: Stage) -> None:
        self.studio, self.stage = studio, stage
        self.windows: list[Window] = []

    def project(self, *lines: str, name: str = "Skyline, winter spot") -> Set:
        slug = f"set-{uuid.uuid4().hex[:8]}"
        pks = self.studio.run_python(_PROJECT, name=name, slug=slug, lines=list(lines))
        return Set(slug=slug, lines=pks)

    def person(
        self,
        name: str = "ada",
        *,
        root: bool = False,
        password: bool = False,
        roles: Mapping[str, str] | None = None,
    ) -> tuple[str, str]:
        """User name and session of a new person; `roles` are by the slug of the project."""
        name = f"{name}-{uuid.uuid4().hex[:6]}"
        session = self.studio.run_python(
            _PERSON,
            name=name,
            root=root,
            password=PASSWORD if password else None,
            roles=dict(roles or {}),
        )
        return name, session

    def window(self, *, cookie: str | None = None, **options: Any) -> Window:
        """A browser of its own, of somebody who is signed in or, without a cookie, is not."""
        opened = self.stage.do(
            lambda: Window(self.stage.browser, self.studio.url, cookie=cookie, **options)
        )
        self.windows.append(opened)
        return opened

    def seat(
        self, on: Set | None = None, *, role: str = "owner", root: bool = False, name: str = "ada",
        **options: Any,
    ) -> Window:  # fmt: skip
        """The window of a new person with a role on the set."""
        roles = {on.slug: role} if on else {}
        _, cookie = self.person(name, root=root, roles=roles)
        return self.window(cookie=cookie, **options)

    def takes(
        self, line: int, count: int = 1, *, seed: int | None = None, engine: str = "draft",
        finished: bool = True, **tuning: float,
    ) -> list[int]:  # fmt: skip
        """Takes made by the studio's own workers; waits until all are done."""
        pks: list[int] = self.studio.run_python(
            _TAKES, line=line, count=count, seed=seed, engine=engine, tuning=tuning
        )
        if finished:
            wait_until(
                lambda: set(self.states(pks)) == {"done"}, what=f"takes {pks} are done", every=0.1
            )
        return pks

    def states(self, takes: list[int]) -> list[str]:
        states: list[str] = self.studio.run_python(_STATES, takes=takes)
        return states
