"""A studio with many takes under way, and what must be true of them in the end."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

from tests.studio_process import Studio, wait_until
from tests.upstream.client import Upstream

WINDOW = 8
"""The default submit window: the most that one crash may leave in doubt."""

MAKE = """
    from speech.services.takes import request_takes
    from tests import factories
    ada = factories.make_user(is_superuser=True)
    project = factories.make_project(owner=ada, voice=factories.make_voice())
    for number in range(given["count"]):
        line = factories.make_line(project, f"Sentence number {given['first'] + number}.")
        request_takes(ada, line=line, engine="segmind")
"""
STATES = (
    "from speech.models import Take; result = list(Take.objects.values_list('state', flat=True))"
)
ACTIONABLE = "from speech.models import Job; result = Job.objects.actionable().count()"
JOBS = """
    from speech.models import Job
    fields = ("pk", "state", "owner", "epoch", "submits", "request_id", "charged")
    result = list(Job.objects.values(*fields))
"""
OWNERS = """
    from django.db.models.functions import Now
    from speech.models import DriverLease
    result = dict(DriverLease.objects.filter(until__gt=Now()).values_list("owner", "pid"))
"""
FILES = """
    from pathlib import Path
    from django.conf import settings
    from speech.models import Take
    from speech.services.projects import media_folder
    root = Path(settings.MEDIA_ROOT)
    there = {
        str(path.relative_to(root))
        for number in Take.objects.values_list("project", flat=True).distinct()
        for path in (root / media_folder(number)).glob("*")
    }
    result = sorted(there ^ set(Take.objects.exclude(audio="").values_list("audio", flat=True)))
"""
WAKE = "from speech.background import wake_driver; wake_driver()"


@dataclass(kw_only=True)
class Scene:
    studio: Studio
    upstream: Upstream
    asked: int = 0

    def ask_for(self, count: int) -> None:
        """That many takes, each with a text of its own."""
        self.studio.run_python(MAKE, count=count, first=self.asked)
        self.asked += count

    def wake(self) -> None:
        self.studio.run_python(WAKE)

    def states(self) -> Counter[str]:
        return Counter(self.studio.run_python(STATES))

    def jobs(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.studio.run_python(JOBS)
        return found

    def living_drivers(self) -> dict[str, int]:
        """Owner → pid of each driver whose lease has not run out."""
        found: dict[str, int] = self.studio.run_python(OWNERS)
        return found

    def wait_until_settled(self) -> None:
        """Until no driver has anything left to do."""
        try:
            wait_until(
                lambda: self.studio.run_python(ACTIONABLE) == 0, what="no take is in the making",
                within=50, every=0.2,
            )  # fmt: skip
        except TimeoutError as error:
            raise AssertionError(
                f"stuck: {self.states()} {self.jobs()}\n{self.studio.output()}"
            ) from error

    def check(self, *, most_unknown: int) -> None:
        """Every take is done or in doubt, the doubts are bounded, and nothing was sent twice."""
        states = self.states()
        assert set(states) <= {"done", "unknown"}, (states, self.studio.output())
        assert sum(states.values()) == self.asked
        assert states["unknown"] <= most_unknown, states
        log = self.upstream.log()
        assert {text: n for text, n in log.text_posts.items() if n > 1} == {}
        jobs = self.jobs()
        assert all(job["submits"] <= 1 for job in jobs)
        assert all(job["charged"] == "maybe" for job in jobs if job["state"] == "unknown")
        ids = [job["request_id"] for job in jobs if job["state"] == "done"]
        assert len(set(ids)) == len(ids) == states["done"]
        assert self.studio.run_python(FILES) == [], "a file without a take, or a take without one"
        # Whatever the provider made was either kept or is owned up to as in doubt.
        assert len(log.jobs) <= states["done"] + states["unknown"]
