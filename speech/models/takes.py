from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import Q
from django.urls import reverse

from speech.models.search import SearchKeyField
from speech.params import BY_NAME, SEED_MAX, TUNING
from speech.states import FINISHED, LIVE, BatchKind, JobState


class Batch(models.Model):
    """Takes that were asked for together."""

    project = models.ForeignKey("speech.Project", on_delete=models.CASCADE, related_name="batches")
    kind = models.CharField(max_length=12, choices=BatchKind)
    count = models.IntegerField()
    asked_by = models.ForeignKey(
        "speech.User", on_delete=models.SET_NULL, null=True, related_name="+"
    )
    answers = models.ForeignKey(
        "speech.Comment", on_delete=models.SET_NULL, null=True, blank=True, related_name="retakes"
    )
    """The comment that these takes were asked for in answer to."""
    plan = models.JSONField(default=dict, blank=True)
    """A sweep's axes: {"seeds": [...], "axes": [{"name": knob, "values": [...]}]}."""
    stopped_at = models.DateTimeField(null=True, blank=True)
    """When a person stopped it; what had not been sent was cancelled then."""
    created_at = models.DateTimeField(auto_now_add=True)


def _in_range(name: str) -> Q:
    param = BY_NAME[name]
    return Q(**{f"{name}__gte": param.low, f"{name}__lte": param.high})


class Take(models.Model):
    """One reading of one line, with everything that went into it.

    The request half is written once, when the take is asked for. The result half is written once,
    by the driver, in the same transaction that makes it `done`. What people say about a take
    (star, notes, later decisions) are separate rows. Seconds, LUFS, dBTP, US dollars.
    """

    project = models.ForeignKey("speech.Project", on_delete=models.CASCADE, related_name="takes")
    line = models.ForeignKey("speech.Line", on_delete=models.CASCADE, related_name="takes")
    number = models.IntegerField()
    batch = models.ForeignKey(Batch, on_delete=models.SET_NULL, null=True, related_name="takes")
    created_by = models.ForeignKey(
        "speech.User", on_delete=models.SET_NULL, null=True, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)

    text = models.TextField()
    """Exactly what was sent, or will be."""
    line_text = models.TextField(blank=True)
    """What the line said then, where that is not the same sign for sign: see `own_text`."""
    search_text = SearchKeyField(of="text")
    voice = models.ForeignKey(
        "speech.Voice", on_delete=models.SET_NULL, null=True, blank=True, related_name="takes"
    )
    voice_name = models.CharField(max_length=80, blank=True)
    reference_url = models.CharField(max_length=2000, blank=True)
    reference_sha256 = models.CharField(max_length=64, blank=True)
    temperature = models.FloatField(default=BY_NAME["temperature"].default)
    min_p = models.FloatField(default=BY_NAME["min_p"].default)
    top_p = models.FloatField(default=BY_NAME["top_p"].default)
    top_k = models.IntegerField(default=BY_NAME["top_k"].default)
    repetition_penalty = models.FloatField(default=BY_NAME["repetition_penalty"].default)
    norm_loudness = models.BooleanField(default=BY_NAME["norm_loudness"].default)
    seed = models.IntegerField()
    spec_version = models.IntegerField()
    engine = models.CharField(max_length=20)
    fingerprint = models.CharField(max_length=64)
    """SHA-256 over text, voice, parameters, seed and engine: equal ones are repeats."""
    repeat_of = models.ForeignKey(
        "self", on_delete=models.SET_NULL, null=True, blank=True, related_name="repeats"
    )

    state = models.CharField(max_length=12, choices=JobState, default=JobState.QUEUED)
    job = models.OneToOneField(
        "speech.Job", on_delete=models.SET_NULL, null=True, blank=True, related_name="current_for"
    )
    version = models.BigIntegerField(default=0)
    """The project's version when this take last changed: what the change feed reads."""
    archived_at = models.DateTimeField(null=True, blank=True)
    via_api = models.BooleanField(default=False)
    """Asked for through the front door, with a key of the project."""

    engine_version = models.CharField(max_length=80, blank=True)
    seed_used = models.BigIntegerField(null=True, blank=True)
    audio = models.FileField(upload_to="", blank=True, max_length=200)
    sha256 = models.CharField(max_length=64, blank=True)
    byte_count = models.BigIntegerField(null=True, blank=True)
    duration = models.FloatField(null=True, blank=True)
    sample_rate = models.IntegerField(null=True, blank=True)
    channels = models.IntegerField(null=True, blank=True)
    lufs = models.FloatField(null=True, blank=True)
    true_peak = models.FloatField(null=True, blank=True)
    peaks = models.TextField(blank=True)
    """800 min/max pairs as signed bytes, base64; drawn by the page as they are."""
    measured = models.JSONField(default=dict, blank=True)
    words = models.JSONField(default=list, blank=True)
    """Word times where the engine gives them: [word, start s, end s, position, length]."""
    warnings = models.JSONField(default=list, blank=True)
    """Sentences of the engine about this reading."""
    cost = models.FloatField(null=True, blank=True)
    remaining_credits = models.FloatField(null=True, blank=True)
    timings = models.JSONField(default=dict, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["line", "number"], name="take_number_within_line"),
            models.CheckConstraint(
                name="take_seed_range", condition=Q(seed__gte=1, seed__lte=SEED_MAX)
            ),
            *(
                models.CheckConstraint(
                    name=f"take_{param.name}_range", condition=_in_range(param.name)
                )
                for param in TUNING
                if param.low is not None
            ),
            models.CheckConstraint(name="take_state", condition=Q(state__in=JobState.values)),
            models.CheckConstraint(
                name="take_done_has_audio",
                condition=~Q(state=JobState.DONE)
                | (~Q(audio="") & ~Q(sha256="") & Q(duration__isnull=False)),
            ),
            models.CheckConstraint(name="take_has_text", condition=~Q(text="")),
        ]
        indexes = [
            models.Index(fields=["project", "-id"], name="take_history"),
            models.Index(fields=["line", "-id"], name="take_line_history"),
            models.Index(fields=["project", "version"], name="take_changes"),
            models.Index(fields=["project", "state"], name="take_states"),
            models.Index(fields=["fingerprint"], name="take_fingerprint"),
            models.Index(fields=["project", "cost"], name="take_costs"),
        ]

    @property
    def params(self) -> dict[str, Any]:
        return {param.name: getattr(self, param.name) for param in TUNING}

    @property
    def own_text(self) -> str:
        """The line's own words at the time: a take matches its line while they are the same."""
        return self.line_text or self.text

    @property
    def is_live(self) -> bool:
        return self.state in LIVE

    @property
    def is_finished(self) -> bool:
        return self.state in FINISHED

    @property
    def is_done(self) -> bool:
        return self.state == JobState.DONE

    @property
    def is_draft(self) -> bool:
        return self.engine == "draft"

    def get_absolute_url(self) -> str:
        return reverse("speech:take", args=[self.pk])


class Star(models.Model):
    """The team's shortlist: one star a take, by whoever set it."""

    take = models.OneToOneField(Take, on_delete=models.CASCADE, related_name="star")
    by = models.ForeignKey("speech.User", on_delete=models.SET_NULL, null=True, related_name="+")
    at = models.DateTimeField(auto_now_add=True)
