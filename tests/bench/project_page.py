"""Server time of a project's page, with a thousand takes in it and with a hundred thousand."""

from __future__ import annotations

from tests.bench.figures import Figure, percentile
from tests.studio_process import Studio

ROUNDS = 60
LINES = 50
FILL = """
    from django.db.models import OuterRef, Subquery
    from django.utils import timezone
    from speech.models import Job, Line, Take, User
    from tests import factories
    ada = User.objects.filter(username="ada").first() or factories.make_user("ada")
    project = factories.make_project(owner=ada, voice=factories.make_voice())
    many, lines, now = given["takes"], given["lines"], timezone.now()
    for number in range(lines):
        text = f"Sentence number {number} says what this line has to say."
        line = factories.make_line(project, text, takes_made=many // lines)
        Take.objects.bulk_create(
            [
                Take(
                    project=project, line=line, number=take + 1, text=text, voice=project.voice,
                    voice_name="Amara", seed=take + 1, spec_version=1, engine="draft",
                    fingerprint=f"{number}-{take}", state="done", audio=f"{number}-{take}.flac",
                    sha256="0" * 64, duration=3.2, lufs=-20.1, peaks=factories.PEAKS,
                    finished_at=now, seed_used=take + 1, byte_count=1000,
                )
                for take in range(many // lines)
            ],
            batch_size=500,
        )
        rows = Take.objects.filter(line=line)
        Job.objects.bulk_create(
            [
                Job(take_id=pk, project=project, engine="draft", state="done", due_at=now)
                for pk in rows.values_list("pk", flat=True)
            ],
            batch_size=500,
        )
        rows.update(job_id=Subquery(Job.objects.filter(take=OuterRef("pk")).values("pk")[:1]))
    result = project.slug
"""
VISIT = """
    import time
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext
    from speech.models import User
    client = Client()
    client.force_login(User.objects.get(username="ada"))
    times = []
    for number in range(10 + given["rounds"]):
        began = time.perf_counter()
        answer = client.get(f"/p/{given['slug']}/", SERVER_NAME="localhost")
        times.append(1000 * (time.perf_counter() - began))
        assert answer.status_code == 200, answer.status_code
    with CaptureQueriesContext(connection) as queries:
        client.get(f"/p/{given['slug']}/", SERVER_NAME="localhost")
    result = [times[10:], len(queries)]
"""


def measure() -> list[Figure]:
    with Studio(programs=()) as studio:
        studio.manage("prepare")  # with the static files, whose names the page looks up
        few, few_note = visits(studio, 1_000)
        many, many_note = visits(studio, 100_000)
    return [
        Figure(
            name="project_page_p95_1k", value=few, unit="ms", n=ROUNDS,
            note=few_note,
        ),
        Figure(
            name="project_page_p95_100k", value=many, unit="ms", n=ROUNDS,
            target=min(60.0, 1.5 * few), note=many_note,
        ),
    ]  # fmt: skip


def visits(studio: Studio, takes: int) -> tuple[float, str]:
    """95th percentile in ms, and what else was seen."""
    slug = studio.run_python(FILL, takes=takes, lines=LINES)
    times, queries = studio.run_python(VISIT, slug=slug, rounds=ROUNDS)
    return percentile(times, 95), f"median {percentile(times, 50):.0f}, {queries} queries"
