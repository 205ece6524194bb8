"""Server time of the activity page with a hundred thousand events, whole and filtered."""

from __future__ import annotations

from tests.bench.figures import Figure, percentile
from tests.studio_process import Studio

ROUNDS = 20
EVENTS = 100_000
FILL = """
    from speech.models import Event, User
    from speech.queries.verbs import kind_of
    from speech.states import Role
    from tests import factories
    ada = factories.make_user("ada")
    project = factories.make_project(owner=ada)
    people = [ada, *(factories.make_user() for _ in range(9))]
    for person in people[1:]:
        factories.add_member(project, person, Role.PRODUCER)
    lines = [factories.make_line(project, f"Sentence number {n}.") for n in range(50)]
    takes = [factories.make_take(line) for line in lines]
    words = "It folds flat and weighs {} and forgives the third floor without a lift"
    verbs = ["line edited"] * 4 + ["take starred"] * 4 + ["line setup changed", "comment written"]

    def event(n):
        verb, at = verbs[n % 10], n % 50
        kind = kind_of(verb)
        if n % 1000 == 999:
            verb, kind = "role changed", "people"
        about = f"line {lines[at].pk}" if kind == "lines" else f"take {takes[at].pk}"
        data = {
            "line edited": {"old": words.format(n), "new": words.format("nothing")},
            "line setup changed": {"old": {"temperature": 0.7}, "new": {"temperature": 1.1}},
            "comment written": {"text": "A touch slower on the name."},
            "role changed": {"old": "viewer", "new": "producer"},
        }.get(verb, {})
        target = f"person {people[n % 7].pk}" if kind == "people" else about
        return Event(
            project=project, actor=people[n % 10 and n % 7], verb=verb, kind=kind, target=target,
            about_line=None if kind == "people" else lines[at].pk, data=data,
        )

    Event.objects.bulk_create((event(n) for n in range(given["events"])), batch_size=1000)
    oldest = Event.objects.order_by("id").values_list("pk", flat=True)
    result = {
        "slug": project.slug, "person": people[3].pk, "line": lines[2].pk,
        "old": oldest[given["events"] // 20],
    }
"""
VISIT = """
    import time
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext
    from speech.models import User
    client = Client()
    client.force_login(User.objects.get(username="ada"))
    result = {}
    for name, query in given["queries"].items():
        url, times = f"/p/{given['slug']}/activity/{query}", []
        for number in range(4 + given["rounds"]):
            began = time.perf_counter()
            answer = client.get(url, SERVER_NAME="localhost")
            times.append(1000 * (time.perf_counter() - began))
            assert answer.status_code == 200, answer.status_code
            assert answer.content.count(b'class="event"') > 0, name
        with CaptureQueriesContext(connection) as queries:
            client.get(url, SERVER_NAME="localhost")
        result[name] = [times[4:], len(queries)]
"""


def measure() -> list[Figure]:
    """One figure over all ways to look at it; the slowest way is named."""
    with Studio(programs=()) as studio:
        studio.manage("prepare")  # with the static files, whose names the page looks up
        made = studio.run_python(FILL, events=EVENTS)
        person, line, old = made["person"], made["line"], made["old"]
        queries = {
            "all": "", "person": f"?person={person}", "kind": "?kind=comments",
            "rare kind": "?kind=people", "line": f"?line={line}", "old": f"?before={old}",
            "person and kind": f"?person={person}&kind=people",
            "person, kind, line": f"?person={person}&kind=lines&line={line}",
        }  # fmt: skip
        seen = studio.run_python(VISIT, slug=made["slug"], queries=queries, rounds=ROUNDS)
    slowest = max(seen, key=lambda name: percentile(seen[name][0], 95))
    worst = percentile(seen[slowest][0], 95)
    every = [time for times, _ in seen.values() for time in times]
    return [
        Figure(
            name="activity_100k_p95", value=percentile(every, 95), unit="ms", n=len(every),
            target=60.0, note=f"slowest: {slowest}, {worst:.0f} ms; {seen['all'][1]} queries",
        )
    ]  # fmt: skip
