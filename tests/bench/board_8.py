"""Server time of the comparison board with eight takes, in a project of some thousands."""

from __future__ import annotations

from tests.bench.figures import Figure, percentile
from tests.bench.project_page import FILL, LINES
from tests.studio_process import Studio

ROUNDS = 60
TAKES = 5_000
CHOOSE = """
    from speech.models import Comment, Star, Take, User
    ada = User.objects.get(username="ada")
    takes = list(Take.objects.filter(project__slug=given["slug"], number__lte=4)[:8])
    words = [["word", 0.1 * n, 0.1 * n + 0.08, 5 * n, 4] for n in range(60)]
    for take in takes:
        take.words = words
        take.engine = "draft" if take.pk % 2 else "segmind"  # the latter can be decided on
        take.save(update_fields=["words", "engine"])
        Star.objects.create(take=take, by=ada)
        Comment.objects.create(take=take, author=ada, text="A touch slower, please.")
    result = "&".join(f"take={take.pk}" for take in takes)
"""
VISIT = """
    import time
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext
    from speech.models import User
    client = Client()
    client.force_login(User.objects.get(username="ada"))
    url = f"/p/{given['slug']}/compare/?{given['query']}"
    times = []
    for number in range(10 + given["rounds"]):
        began = time.perf_counter()
        answer = client.get(url, SERVER_NAME="localhost")
        times.append(1000 * (time.perf_counter() - began))
        assert answer.status_code == 200, answer.status_code
    assert answer.content.count(b"data-lane ") == 8
    with CaptureQueriesContext(connection) as queries:
        client.get(url, SERVER_NAME="localhost")
    result = [times[10:], len(queries), len(answer.content)]
"""


def measure() -> list[Figure]:
    with Studio(programs=()) as studio:
        studio.manage("prepare")  # with the static files, whose names the page looks up
        slug = studio.run_python(FILL, takes=TAKES, lines=LINES)
        query = studio.run_python(CHOOSE, slug=slug)
        times, queries, size = studio.run_python(VISIT, slug=slug, query=query, rounds=ROUNDS)
    note = f"median {percentile(times, 50):.0f}, {queries} queries, {size / 1000:.0f} kB"
    return [
        Figure(
            name="board_8_p95", value=percentile(times, 95), unit="ms", n=ROUNDS, target=60.0,
            note=note,
        )
    ]  # fmt: skip
