"""Takes as cards: newest first, paged by key."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import F, QuerySet
from django.utils import timezone

from speech.catalog import ENGINES, EngineCard
from speech.models import Comment, EngineState, Line, Project, Take
from speech.params import TUNING
from speech.queries.comments import Thread, gone_threads, threads, with_comments
from speech.queries.staleness import Difference, Setup, differences, plain
from speech.queries.standing import Standing, approved_number, standing_of, with_decisions
from speech.queries.tuning import effective_tuning, effective_voice
from speech.queries.waiting import Reason, engine_states, marked_sentence, reason_of
from speech.states import LIVE, JobState

CARDS_ON_A_PAGE = 10
"""In the studio, where each carries its waveform beside a whole script."""
CARDS_IN_A_HISTORY = 20
_PHASES = {
    JobState.QUEUED: "Queued",
    JobState.CLAIMED: "Queued",
    JobState.SUBMITTING: "Sending",
    JobState.RUNNING: "Rendering",
    JobState.DOWNLOADING: "Saving",
    JobState.MEASURING: "Saving",
}

_SENT = LIVE - {JobState.QUEUED, JobState.CLAIMED}

_MEASURES = {
    "inference_time": ("Made in", "s"),
    "queue_time": ("Waited at the engine", "s"),
    "total_time": ("Engine’s total", "s"),
    "leading_silence": ("Silence at the start", "s"),
    "trailing_silence": ("Silence at the end", "s"),
    "longest_hole": ("Longest pause inside", "s"),
    "rms": ("Level (RMS)", ""),
    "clipped_runs": ("Clipped runs", ""),
    "loud_tail": ("Ends while still loud", ""),
    "pitch_hz": ("Average pitch", "Hz"),
    "snr_db": ("Above the noise", "dB"),
}
"""Key of `timings` or `measured` → label and unit; others are shown under their own name."""
_SHOWN_APART = frozenset({"duration", "lufs", "sample_rate", "channels", "bytes", "true_peak_db"})


@dataclass(frozen=True, kw_only=True)
class Setting:
    """One parameter of a take. `differs` from the project's defaults."""

    name: str
    label: str
    value: str
    differs: bool


@dataclass(frozen=True, kw_only=True)
class TakeCard:
    take: Take
    engine: EngineCard
    settings: Sequence[Setting]
    stale: Sequence[Difference]
    chosen: bool
    starred: bool
    comments: Sequence[Comment]
    """Those that are not deleted, replies too."""
    threads: Sequence[Thread]
    gone_threads: Sequence[int]
    phase: str
    elapsed: float
    """Seconds since the request was made; of use only while the take is live."""
    waits: Reason | None
    """Why it is not sent, where something other than its turn is missing."""
    marked: str
    """What becomes of it, if it was cancelled while it was being made."""
    hitch: str
    """What went wrong on the way and is being mended, or what to know of the finished sound."""
    trouble: str
    in_doubt: bool
    repeat_number: int | None
    standing: Standing | None
    """None where the take was never submitted for review."""

    @property
    def is_sent(self) -> bool:
        """Whether the engine has it, or may have: it can no longer be cancelled for nothing."""
        return self.take.state in _SENT

    @property
    def can_be_asked(self) -> bool:
        """Whether a review of it makes sense now."""
        take = self.take
        fit = take.is_done and not take.is_draft and take.archived_at is None
        fit = fit and (take.voice is None or take.voice.has_consent)
        says_the_line = all(one.what != "Text" for one in self.stale)
        return fit and says_the_line and (self.standing is None or self.standing.can_be_asked)

    @property
    def ends(self) -> int | None:
        """Number of the take whose approval falls if the line goes with this one."""
        number: int | None = getattr(self.take, "approved_number", None)
        return None if number == self.take.number else number

    @property
    def as_text(self) -> str:
        """Every parameter as `name=value`, one a line."""
        lines = [f"{setting.name}={setting.value}" for setting in self.settings]
        return "\n".join([*lines, f"seed={self.take.seed}"])

    @property
    def unresolved(self) -> int:
        """Threads that nobody has resolved yet."""
        return sum(not thread.is_resolved for thread in self.threads)

    @property
    def differing(self) -> list[Setting]:
        return [setting for setting in self.settings if setting.differs]


@dataclass(frozen=True, kw_only=True)
class Page:
    cards: Sequence[TakeCard]
    older: int | None
    """`before` of the next page; None on the last one."""


def base(*, around: bool = True) -> QuerySet[Take]:
    """Takes with what a card draws, and without what it does not.

    `around` False leaves out line and project, for a caller that has them already.
    """
    more = ("project", "project__voice", "line", "line__voice") if around else ()
    return (
        Take.objects.select_related(*more, "job", "created_by", "star", "voice", "review__asked_by")
        .prefetch_related(with_comments(), with_decisions())
        .annotate(repeat_number=F("repeat_of__number"), approved_number=approved_number())
        .defer("words", "measured", "timings", "search_text", "job__result")
    )


def page_of_line(line: Line, *, before: int | None = None, size: int = CARDS_ON_A_PAGE) -> Page:
    """The newest takes of a line that are not archived. Queries as in `page`."""
    takes = base(around=False).filter(line=line, archived_at=None)
    return page(takes, before=before, size=size, line=line)


def page(
    takes: QuerySet[Take],
    *,
    before: int | None = None,
    size: int = CARDS_ON_A_PAGE,
    line: Line | None = None,
) -> Page:
    """The newest `size` takes with an id below `before`; `line` is theirs if given.

    Two queries, two more where there are comments, one where some were submitted for review, and
    one where some are queued.
    """
    if before is not None:
        takes = takes.filter(pk__lt=before)
    found = list(takes.order_by("-id")[: size + 1])
    if line is not None:
        for take in found:
            take.line, take.project = line, line.project
    shown = found[:size]
    return Page(cards=cards(shown), older=shown[-1].pk if len(found) > size else None)


def cards(takes: Iterable[Take]) -> list[TakeCard]:
    """View models; no query for takes that came from `base()`, but one where some are queued."""
    takes, now = list(takes), timezone.now()
    queued = any(take.state == JobState.QUEUED for take in takes)
    engines = engine_states() if queued else {}
    return [_card(take, now=now, engines=engines) for take in takes]


def card(take: Take) -> TakeCard:
    [one] = cards([take])
    return one


def _card(take: Take, *, now: datetime, engines: Mapping[str, EngineState]) -> TakeCard:
    job = take.job
    take.line.project = take.project  # the same row, read once
    asked = job.created_at if job else take.created_at
    doubt = take.state == JobState.UNKNOWN
    marked = job is not None and bool(job.cancel) and take.is_live
    return TakeCard(
        take=take,
        engine=ENGINES[take.engine],
        settings=settings_of(take, take.project),
        stale=stale_differences(take) if take.is_done else (),
        chosen=take.line.chosen_take_id == take.pk,
        starred=hasattr(take, "star"),
        comments=[one for one in take.comments.all() if one.deleted_at is None],
        threads=threads(take),
        gone_threads=gone_threads(take),
        phase=_PHASES.get(JobState(take.state), ""),
        elapsed=max(0.0, (now - asked).total_seconds()),
        waits=reason_of(take, engines, now=now),
        marked=marked_sentence(take.engine, job.cancel) if job and marked else "",
        hitch=job.error if job and (take.state in _SENT or take.is_done) else "",
        trouble=(job.error if job and take.is_finished and not take.is_done else ""),
        in_doubt=doubt and bool(job) and not (job and job.settled),
        repeat_number=getattr(take, "repeat_number", None),
        standing=standing_of(take),
    )


def settings_of(take: Take, project: Project) -> list[Setting]:
    """The parameters of a take beside the defaults of its project and voice."""
    standard = project_tuning(project)
    return [
        Setting(
            name=param.name,
            label=param.label,
            value=plain(getattr(take, param.name)),
            differs=getattr(take, param.name) != standard[param.name],
        )
        for param in TUNING
    ]


def project_tuning(project: Project) -> dict[str, Any]:
    return {param.name: project.defaults.get(param.name, param.default) for param in TUNING}


def measures(take: Take) -> list[tuple[str, str]]:
    """Timings and measurements that are not facts of their own already, labelled."""
    found = {**take.timings, **take.measured}
    shown = []
    for name, value in found.items():
        if value in (None, "") or name in _SHOWN_APART or isinstance(value, list | dict):
            continue
        label, unit = _MEASURES.get(name, (name.replace("_", " ").capitalize(), ""))
        shown.append((label, f"{_said(value)} {unit}".strip()))
    return shown


def _said(value: Any) -> str:
    return ("yes" if value else "no") if isinstance(value, bool) else plain(value)


def stale_differences(take: Take) -> list[Difference]:
    """In what a take no longer matches its line."""
    line = take.line
    voice = effective_voice(line)
    return differences(
        take=Setup(
            text=take.own_text,
            voice_id=take.voice_id,
            voice_name=take.voice_name,
            clip=take.reference_sha256 or take.reference_url,
            tuning=take.params,
        ),
        line=Setup(
            text=line.text,
            voice_id=voice.pk if voice else None,
            voice_name=voice.name if voice else "",
            clip=(voice.sha256 or voice.source_url) if voice else "",
            tuning=effective_tuning(line),
        ),
    )
