from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from django.db.models import Count, QuerySet
from django.utils import timezone

from speech import params
from speech.access import Can, projects_of, projects_where
from speech.models import Line, Project, Take, User, Voice
from speech.states import LIVE, ClipState

MINUS = "−"
"""The typographic one, as the pages of takes write it."""
TYPICAL_SECONDS: Mapping[str, str] = MappingProxyType(
    {
        ClipState.WAITING: "It starts in a moment.",
        ClipState.FETCHING: "Getting the file from its address. This may take up to 40 seconds.",
        ClipState.CHECKING: "Listening to it: length, level, noise. This takes a few seconds.",
    }
)


@dataclass(frozen=True, kw_only=True)
class VoiceCard:
    """A voice in the library, with what uses it."""

    voice: Voice
    lines: int
    projects: int
    takes: int

    @property
    def uses(self) -> str:
        parts = [
            counted(self.projects, "project"),
            counted(self.lines, "line"),
            counted(self.takes, "take"),
        ]
        used = [part for part in parts if not part.startswith("0 ")]
        return ", ".join(used) if used else "Not used yet"


@dataclass(frozen=True, kw_only=True)
class Touches:
    """What deleting a voice would touch. Only projects that `viewer` may open are named."""

    projects: tuple[Project, ...]
    hidden_projects: int
    lines: int
    takes: int
    live_takes: int


UNLISTED_SHOWN = 30


@dataclass(frozen=True, kw_only=True)
class UnlistedCard:
    """A voice that came through the API of `project`, whose consent nobody has stated."""

    voice: Voice
    project: Project
    takes: int
    can_state: bool


@dataclass(frozen=True, kw_only=True)
class Unlisted:
    """The newest of them that a person may know of."""

    cards: tuple[UnlistedCard, ...]
    total: int


def unlisted(viewer: User) -> Unlisted:
    """Of the projects that `viewer` may open only. Four queries, however many there are."""
    projects = projects_of(viewer)
    found = Voice.objects.unlisted().filter(unlisted_in__in=projects)
    rows = list(found.select_related("unlisted_in", "arrived_by").order_by("-id")[:UNLISTED_SHOWN])
    if not rows:
        return Unlisted(cards=(), total=0)
    takes = _counts(Take.objects.filter(voice__in=rows))
    makers = projects_where(viewer, Can.VOICES)
    return Unlisted(
        cards=tuple(
            UnlistedCard(
                voice=voice,
                project=voice.unlisted_in,
                takes=takes.get(voice.pk, 0),
                can_state=voice.unlisted_in_id in makers,
            )
            for voice in rows
            if voice.unlisted_in is not None
        ),
        total=found.count(),
    )


def unlisted_count(project: Project) -> int:
    return Voice.objects.filter(unlisted_in=project).count()


def any_archived() -> bool:
    return Voice.objects.listed().exclude(archived_at=None).exists()


def voice_cards(*, archived: bool = False) -> list[VoiceCard]:
    """The voices, newest first. Four queries, however many there are."""
    voices = Voice.objects.listed().filter(archived_at__isnull=not archived)
    lines = _counts(Line.objects.filter(deleted_at=None))
    projects = _counts(Project.objects.all())
    takes = _counts(Take.objects.all())
    return [
        VoiceCard(
            voice=voice,
            lines=lines.get(voice.pk, 0),
            projects=projects.get(voice.pk, 0),
            takes=takes.get(voice.pk, 0),
        )
        for voice in voices.select_related("created_by").order_by("-id")
    ]


def touches(voice: Voice, viewer: User) -> Touches:
    """Which projects and lines use `voice` now, and how many takes were made with it."""
    lines = Line.objects.filter(voice=voice, deleted_at=None)
    ids = set(lines.values_list("project_id", flat=True))
    ids |= set(Project.objects.filter(voice=voice).values_list("pk", flat=True))
    using = Project.objects.filter(pk__in=ids).order_by("name")
    shown = list(using if viewer.is_superuser else using.filter(memberships__user=viewer))
    takes = Take.objects.filter(voice=voice)
    return Touches(
        projects=tuple(shown),
        hidden_projects=len(ids) - len(shown),
        lines=lines.count(),
        takes=takes.count(),
        live_takes=takes.filter(state__in=LIVE).count(),
    )


def choices() -> QuerySet[Voice]:
    """Voices that a line or a project can be given."""
    ready = Voice.objects.listed().filter(state=ClipState.READY, archived_at=None)
    return ready.order_by("name")


def measured_facts(voice: Voice) -> list[tuple[str, str]]:
    """What was measured, as label and value for people."""
    measured: dict[str, Any] = voice.measured
    facts: list[tuple[str, str]] = []
    if voice.duration is not None:
        facts.append(("Length", f"{voice.duration:.1f} s"))
    if voice.lufs is not None:
        facts.append(("Loudness", f"{voice.lufs:.1f} LUFS".replace("-", MINUS)))
    if measured.get("true_peak_db") is not None:
        facts.append(("True peak", f"{measured['true_peak_db']:.1f} dBTP".replace("-", MINUS)))
    if voice.pitch_hz:
        facts.append(("Pitch", f"about {voice.pitch_hz:.0f} Hz"))
    if measured.get("snr_db") is not None:
        facts.append(("Above the noise", f"{measured['snr_db']:.0f} dB"))
    if measured.get("sample_rate"):
        facts.append(("Arrived as", _format(measured)))
    return facts


def preferred(voice: Voice) -> list[tuple[params.Param, object]]:
    """The knobs that this voice sets, in the order of the spec."""
    return [(knob, voice.params[knob.name]) for knob in params.TUNING if knob.name in voice.params]


def waiting_sentence(voice: Voice) -> str:
    """What is going on with the clip right now; the sentence of a failed try comes first."""
    if voice.state == ClipState.WAITING and voice.due_at and voice.due_at > timezone.now():
        return "The next try starts within a minute or two."
    return TYPICAL_SECONDS.get(voice.state, "")


def counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number:,} {noun}s"


def _format(measured: Mapping[str, Any]) -> str:
    channels = {1: "mono", 2: "stereo"}.get(
        measured.get("channels", 0), f"{measured.get('channels')} channels"
    )
    return f"{measured.get('codec')}, {measured['sample_rate'] / 1000:g} kHz, {channels}"


def _counts(rows: QuerySet[Any]) -> dict[int, int]:
    counted_rows = rows.exclude(voice=None).order_by().values_list("voice").annotate(Count("id"))
    return dict(counted_rows)
