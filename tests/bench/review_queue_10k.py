"""Server time of the review queue, count in the navigation included, with 10,000 takes waiting."""

from __future__ import annotations

from tests.bench.figures import Figure, percentile
from tests.studio_process import Studio

ROUNDS = 60
WAITING = 10_000
PROJECTS = 20
FILL = """
    from datetime import timedelta
    from django.utils import timezone
    from speech.models import Decision, Line, Membership, Review, Take, User
    from tests import factories
    ada, mo = factories.make_user("ada"), factories.make_user("mo")
    voice, now = factories.make_voice(), timezone.now()
    per = given["waiting"] // given["projects"]
    for number in range(given["projects"]):
        project = factories.make_project(owner=ada, name=f"Film {number}", voice=voice)
        if number % 4 == 3:
            project.approval_policy, project.own_approval = "named", False
            project.save()
            Membership.objects.filter(project=project).update(approver=True)
        Line.objects.bulk_create(
            Line(project=project, position=at + 1, text=f"Sentence {at} says what it says.",
                 takes_made=1)
            for at in range(per)
        )
        lines = list(Line.objects.filter(project=project).order_by("position"))
        Take.objects.bulk_create(
            [
                Take(
                    project=project, line=line, number=1, text=line.text, voice=voice,
                    voice_name="Amara", seed=1, spec_version=1, engine="segmind", state="done",
                    reference_sha256=voice.sha256, fingerprint=f"{line.pk}", duration=3.2,
                    audio=f"{line.pk}.flac", sha256="0" * 64, peaks=factories.PEAKS,
                    finished_at=now, created_by=mo,
                )
                for line in lines
            ],
            batch_size=500,
        )
        Review.objects.bulk_create(
            [
                Review(
                    take_id=pk, line_id=line, project=project, state="waiting", asked_by=mo,
                    asked_at=now - timedelta(seconds=(pk * 7919) % 100_000),
                )
                for pk, line in Take.objects.filter(project=project).values_list("pk", "line")
            ],
            batch_size=500,
        )
    some = Review.objects.order_by("pk")[: given["waiting"] // 10]
    Decision.objects.bulk_create(
        Decision(review=review, by=ada, verdict="approve", fingerprint="0") for review in some
    )
    result = Review.objects.filter(state="waiting").count()
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
        answer = client.get(given["path"], SERVER_NAME="localhost")
        times.append(1000 * (time.perf_counter() - began))
        assert answer.status_code == 200, answer.status_code
    assert b"99+" in answer.content
    with CaptureQueriesContext(connection) as queries:
        client.get(given["path"], SERVER_NAME="localhost")
    slowest = max(queries.captured_queries, key=lambda one: float(one["time"]))
    result = [times[10:], len(queries), slowest["time"], slowest["sql"][:3000]]
"""
MIDDLE = """
    from speech.models import Review
    result = Review.objects.order_by("asked_at")[5000].take_id
"""


def measure() -> list[Figure]:
    with Studio(programs=()) as studio:
        studio.manage("prepare")
        waiting = studio.run_python(FILL, waiting=WAITING, projects=PROJECTS)
        assert waiting == WAITING
        page, queries = _visits(studio, "/review/")
        item = studio.run_python(MIDDLE)
        one, more = _visits(studio, f"/review/{item}/")
    return [
        Figure(
            name="review_queue_10k_p95", value=percentile(page, 95), unit="ms", n=ROUNDS,
            target=60.0, note=f"median {percentile(page, 50):.0f}, {queries} queries",
        ),
        Figure(
            name="review_item_10k_p95", value=percentile(one, 95), unit="ms", n=ROUNDS,
            target=60.0, note=f"median {percentile(one, 50):.0f}, {more} queries",
        ),
    ]  # fmt: skip


def _visits(studio: Studio, path: str) -> tuple[list[float], int]:
    times, queries, _, _ = studio.run_python(VISIT, path=path, rounds=ROUNDS)
    return times, queries
