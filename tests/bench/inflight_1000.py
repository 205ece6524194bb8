"""A thousand takes at the provider at once, carried by one driver: time, CPU, memory, polls.

The provider is a real server on this machine, in a process of its own: jobs of 3 to 8 s, 150 ms
for a submit, 20 ms for a read. The studio has made some takes before. Once on its own and once with
two neighbours that keep a core busy each. Beside it, what the obvious way costs: a task that blocks
in `segmind.run`, in four worker processes, extrapolated from a size that finishes.

The floor is what no studio could pass: the last take is sent when the window has been filled and
emptied so many times, and is then made as long as the slowest is.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Event, Thread

import psutil

from tests.bench.figures import Figure
from tests.bench.speed import between
from tests.studio_process import Studio, wait_until
from tests.upstream.client import KEY, Upstream

JOBS = 1000
WINDOW = 100
SUBMIT_SECONDS = 0.15
WARM = 20
"""Takes made before: a studio knows how long its engine usually takes."""
PROCESSES = 5
"""Of a django-q2 cluster: main, guard, worker, pusher, monitor."""
NEIGHBOURS = 2
BUSY = "while True: pass"
MOST_UNITS = 2.5
"""Of CPU for a thousand takes: in the driver, and again in the children that measure."""
NAIVE_JOBS, NAIVE_WORKERS = 12, 4
DRIVER = ("worker", "driver")
ENV = {
    "SEGMIND_API_KEY": KEY,
    "SEGMIND_SUBMIT_WINDOW": str(WINDOW),
    "SEGMIND_SUBMITS_PER_MINUTE": "0",
    "SEGMIND_POLLS_PER_MINUTE": "30000",
}
MAKE = """
    from speech.models import Batch
    from speech.params import defaults
    from speech.services.takes import Reading, lock_line, make_takes
    from django.db import transaction
    from tests import factories
    ada = factories.make_user(is_superuser=True)
    project = factories.make_project(owner=ada, voice=factories.make_voice())
    result = project.slug
    with transaction.atomic():
        line = lock_line(factories.make_line(project))
        batch = Batch.objects.create(project=project, kind="sweep", count=given["many"])
        make_takes(
            ada, line=line, batch=batch, engine="segmind", voice=project.voice, text=line.text,
            readings=[Reading(seed=n + 1, tuning=defaults()) for n in range(given["many"])],
        )
"""
LEFT = """
    from speech.models import Take
    from speech.states import LIVE
    result = Take.objects.filter(state__in=LIVE, engine="segmind").count()
"""
LAST_DONE = """
    from django.db.models import Max
    from speech.models import Job
    result = Job.objects.aggregate(at=Max("finished_at"))["at"].timestamp()
"""
STATES = """
    from collections import Counter
    from speech.models import Take
    result = dict(Counter(Take.objects.values_list("state", flat=True)))
"""


def behave(upstream: Upstream) -> None:
    """As the provider is: 3 to 8 s for a job, and a network before it."""
    upstream.set(job_seconds=[3.0, 8.0], output_seconds=1.0)
    upstream.rule("submit", "delay", times=None, seconds=SUBMIT_SECONDS)
    for kind in ("status", "result", "output"):
        upstream.rule(kind, "delay", times=None, seconds=0.02)


@dataclass(frozen=True, kw_only=True)
class Run:
    """A thousand takes. Times in seconds from when they were asked for."""

    took: float
    last_sent: float
    slowest: float
    """The longest that the provider took for one."""
    polls: float
    driver_cpu: float
    measuring_cpu: float
    most_memory: float

    @property
    def ratio(self) -> float:
        return self.took / self.slowest


def measure() -> list[Figure]:
    with Upstream() as upstream:
        behave(upstream)
        alone = run(upstream)
        upstream.reset()
        behave(upstream)
        with neighbours():
            busy = run(upstream)
        upstream.reset()
        behave(upstream)
        naive = naive_estimate(upstream)
    sending = SUBMIT_SECONDS * JOBS / WINDOW
    return [
        Figure(
            name="inflight_1000_ratio", value=alone.ratio, unit="×", n=JOBS,
            target=between(fast=1.35, slow=1.5),
            note=f"{alone.took:.1f} s, the last was sent after {alone.last_sent:.1f} s",
        ),
        Figure(
            name="inflight_1000_floor", value=(sending + alone.slowest) / alone.slowest, unit="×",
            n=JOBS, note=f"{sending:.1f} s to send all, {alone.slowest:.1f} s for the slowest job",
        ),
        Figure(
            name="inflight_1000_cpu", value=alone.driver_cpu, unit="s", n=1, cpu=alone.driver_cpu,
            most_units=MOST_UNITS, note="in the driver",
        ),
        Figure(
            name="inflight_1000_measuring_cpu", value=alone.measuring_cpu, unit="s", n=1,
            cpu=alone.measuring_cpu, most_units=MOST_UNITS,
            note="in the children that decode, measure and encode",
        ),
        Figure(
            name="inflight_1000_rss", value=alone.most_memory / 1e6, unit="MB", n=1, target=400,
            note="resident, shared pages counted once: the whole cluster and its children",
        ),
        Figure(name="inflight_1000_polls_per_job", value=alone.polls, unit="", n=JOBS),
        Figure(
            name="naive_1000_estimate", value=naive, unit="s", n=NAIVE_JOBS,
            note=f"{NAIVE_WORKERS} workers that block in segmind.run, without saving the audio",
        ),
        Figure(
            name="inflight_1000_busy_ratio", value=busy.ratio, unit="×", n=JOBS,
            target=2 * alone.ratio,
            note=f"{busy.took:.1f} s beside {NEIGHBOURS} busy processes;"
            f" CPU {busy.driver_cpu:.1f} and {busy.measuring_cpu:.1f} s",
        ),
    ]  # fmt: skip


def run(upstream: Upstream) -> Run:
    env = {**ENV, "SEGMIND_BASE_URL": upstream.url}
    with Studio(env, programs=(DRIVER,)) as studio:
        studio.run_python(MAKE, many=WARM)
        wait_until(lambda: not studio.run_python(LEFT), what="it has made takes", every=0.2)
        with Watch(studio) as watch:
            studio.run_python(MAKE, many=JOBS)
            began = time.time()
            wait_until(
                lambda: not studio.run_python(LEFT), what="all are made", within=180, every=1
            )
            took = studio.run_python(LAST_DONE) - began
        states = studio.run_python(STATES)
    assert states == {"done": WARM + JOBS}, states
    jobs = upstream.log().jobs[WARM:]
    return Run(
        took=took,
        last_sent=max(job["submitted_at"] for job in jobs) - began,
        slowest=max(job["ready_at"] - job["submitted_at"] for job in jobs),
        polls=sum(job["polls"] for job in jobs) / JOBS,
        driver_cpu=watch.driver_cpu,
        measuring_cpu=watch.audio_cpu,
        most_memory=watch.most_memory,
    )


@contextmanager
def neighbours() -> Iterator[None]:
    """Processes that keep a core busy each."""
    busy = [subprocess.Popen([sys.executable, "-c", BUSY]) for _ in range(NEIGHBOURS)]
    try:
        yield
    finally:
        for process in busy:
            process.kill()
            process.wait()


class Watch:
    """CPU and memory of the driver's process and of what it started, sampled while it works."""

    def __init__(self, studio: Studio) -> None:
        self._studio = studio
        self._stop = Event()
        self._cpu: dict[tuple[int, bool], float] = {}
        self._before: dict[tuple[int, bool], float] = {}
        self.most_memory = 0.0

    @property
    def driver_cpu(self) -> float:
        return self._spent(audio=False)

    @property
    def audio_cpu(self) -> float:
        return self._spent(audio=True)

    def _spent(self, *, audio: bool) -> float:
        """Without what starting had cost before the first take was asked for."""
        return sum(
            seconds - self._before.get((pid, decodes), 0.0)
            for (pid, decodes), seconds in self._cpu.items()
            if decodes is audio
        )

    def __enter__(self) -> Watch:
        wait_until(lambda: len(self._studio.workers()) >= PROCESSES, what="the driver runs")
        self._look()
        self._before = dict(self._cpu)
        self._thread = Thread(target=self._run)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._look()
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stop.wait(1.0):  # reading memory costs some milliseconds itself
            self._look()

    def _look(self) -> None:
        memory = 0.0
        for process in self._studio.workers():
            try:
                times, audio = process.cpu_times(), _decodes(process)
                self._cpu[process.pid, audio] = times.user + times.system
                memory += process.memory_full_info().pss
            except psutil.Error:
                continue
        self.most_memory = max(self.most_memory, memory)


def _decodes(process: psutil.Process) -> bool:
    return "-I" in process.cmdline()


def naive_estimate(upstream: Upstream) -> float:
    """Seconds for a thousand, when a worker does nothing but wait for one."""
    each = NAIVE_JOBS // NAIVE_WORKERS
    command = [sys.executable, "-m", "tests.bench.naive_worker", upstream.url, str(each)]
    began = time.time()
    workers = [subprocess.Popen(command) for _ in range(NAIVE_WORKERS)]
    assert [worker.wait() for worker in workers] == [0] * NAIVE_WORKERS
    return (time.time() - began) / NAIVE_JOBS * JOBS
