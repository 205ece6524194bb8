"""A place in the queue for each take: in turn with everybody else's, and within the budget.

Rule: jobs of one flow go one after the other, and flows take turns. A flow is a person in a
project; their sweeps are a flow of their own, and so is each API key. The turn is given when the
job is queued, by start-time fair queueing: a flow that was idle joins at the turn that the engine
has reached, so that it is next; each further job stands one stride later, and the more flows a
project has waiting, the longer its strides. Reason: a sweep of 500 then delays nobody's single
take, a project does not win by the number of its people, and claiming stays one walk along an
index, however long the queue. Price: what is fair is decided at the moment of asking; a flow that
ends early leaves the strides of others as they are. Revisit if people ask for priorities.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from django.db import transaction
from django.db.models import Max, OuterRef, QuerySet, Subquery
from django.utils import timezone

from speech.background import wake_driver
from speech.models import ApiKey, EngineState, Job, Take, User, Voice
from speech.services import budgets
from speech.services.events import hold, log, touch
from speech.states import CLIP_LIVE, Charged, ClipState, JobState, Waits

STRIDE = 1000


def queue_takes(
    takes: Sequence[Take],
    *,
    actor: User | None,
    key: ApiKey | None = None,
    sweep: bool = False,
    after_clip: bool = False,
) -> list[Job]:
    """A queued job for each take, in this order; all of one line and one engine. Those that the
    budget does not cover wait. Call it in a transaction that holds the project.

    `after_clip`: their voice's clip is still being checked, and they wait for it.
    """
    if not takes:
        return []
    project_id, engine = takes[0].project_id, takes[0].engine
    flow = flow_of(project_id=project_id, actor=actor, key=key, sweep=sweep)
    first, stride = _place(project_id=project_id, engine=engine, flow=flow)
    now, price = timezone.now(), budgets.price_of(engine)
    waits = budgets.reserve(project_id=project_id, key=key, price=price, count=len(takes))
    jobs = Job.objects.bulk_create(
        Job(
            take=take,
            project_id=project_id,
            engine=engine,
            asked_by=actor,
            key=key,
            flow=flow,
            turn=first + index * stride,
            due_at=now,
            amount=price,
            waits=Waits.CLIP if after_clip and not wait else wait,
        )
        for index, (take, wait) in enumerate(zip(takes, waits, strict=True))
    )
    for take, job in zip(takes, jobs, strict=True):
        take.job, take.state = job, JobState.QUEUED
    newest = Job.objects.filter(take=OuterRef("pk")).order_by("-pk").values("pk")[:1]
    Take.objects.filter(pk__in=[take.pk for take in takes]).update(
        job=Subquery(newest), state=JobState.QUEUED
    )
    return jobs


def flow_of(*, project_id: int, actor: User | None, key: ApiKey | None, sweep: bool) -> str:
    if key is not None:
        return f"key:{key.pk}"
    person = f"{project_id}:{actor.pk if actor else 0}"
    return f"{person}:sweep" if sweep else person


def settle_clip(voice_id: int) -> None:
    """Let the takes go, or fail, that waited for this voice's clip, if it is settled by now."""
    waiting = Take.objects.filter(voice=voice_id, job__state=JobState.QUEUED, job__waits=Waits.CLIP)
    projects = set(waiting.values_list("project", flat=True))
    if projects:
        _settle_clip(voice_id, waiting, projects)


def settle_stranded_clips() -> None:
    """The net under `settle_clip`: a worker may die between a clip's end and its takes."""
    waiting = Job.objects.filter(state=JobState.QUEUED, waits=Waits.CLIP)
    settled = waiting.exclude(take__voice__state__in=CLIP_LIVE).exclude(take__voice=None)
    for voice_id in sorted(set(settled.values_list("take__voice", flat=True))):
        settle_clip(voice_id)


@transaction.atomic
def _settle_clip(voice_id: int, waiting: QuerySet[Take], projects: set[int]) -> None:
    hold(*projects)
    voice = Voice.objects.get(pk=voice_id)
    shown = list(waiting.values_list("pk", "line_id", "project_id"))
    if voice.state == ClipState.READY:
        clip_is_ready(waiting, sha256=voice.sha256)
        wake_driver()
    elif voice.state == ClipState.REFUSED:
        clip_is_refused(waiting, sentence=voice.sentence)
        for project_id in projects:
            budgets.admit(project_id)
    for project_id in sorted(projects):
        mine = [(pk, line_id) for pk, line_id, one in shown if one == project_id]
        touch(project_id, takes=[pk for pk, _ in mine], lines={line for _, line in mine})


def clip_is_ready(takes: Iterable[Take], *, sha256: str) -> None:
    """Let takes go that waited for their voice's clip. Call it in a transaction."""
    jobs = Job.objects.filter(take__in=takes, state=JobState.QUEUED, waits=Waits.CLIP)
    found = list(jobs.select_for_update(of=("self",)).values_list("pk", flat=True))
    Take.objects.filter(job__in=found).update(reference_sha256=sha256)
    Job.objects.filter(pk__in=found).update(waits="", due_at=timezone.now())


def clip_is_refused(takes: Iterable[Take], *, sentence: str) -> None:
    """Let takes fail whose voice's clip cannot be used. Nothing was sent for them."""
    jobs = Job.objects.filter(take__in=takes, state=JobState.QUEUED, waits=Waits.CLIP)
    found = list(jobs.select_for_update(of=("self",)).values_list("pk", flat=True))
    now = timezone.now()
    Job.objects.filter(pk__in=found).update(
        state=JobState.FAILED, waits="", finished_at=now, charged=Charged.NO, amount=0,
        error_code="bad_reference",
        error=f"The reference clip cannot be used. {sentence} Nothing was charged.",
    )  # fmt: skip
    failed = Take.objects.filter(job__in=found)
    failed.update(state=JobState.FAILED, finished_at=now)
    for take in failed.select_related("project", "job"):
        log(
            None, "take ended", project=take.project, target=f"take {take.pk}",
            how=JobState.FAILED.label.lower(), why=take.job.error if take.job else sentence,
        )  # fmt: skip
    for project_id in set(failed.values_list("project", flat=True)):
        mine = failed.filter(project=project_id).values_list("pk", "line_id")
        touch(project_id, takes=[pk for pk, _ in mine], lines={line for _, line in mine})


def _place(*, project_id: int, engine: str, flow: str) -> tuple[int, int]:
    """The turn of the flow's next job, and how far apart its jobs stand."""
    waiting = Job.objects.filter(engine=engine, state=JobState.QUEUED)
    own = waiting.filter(flow=flow).aggregate(last=Max("turn"))["last"]
    reached = EngineState.objects.filter(key=engine).values_list("turn", flat=True).first() or 0
    flows = waiting.filter(project=project_id).order_by().values("flow").distinct()
    stride = STRIDE * (flows.exclude(flow=flow).count() + 1)
    return (reached if own is None else max(reached, own + stride)), stride
