from __future__ import annotations

from typing import Self

from django.db import models
from django.db.models import Q
from django.urls import reverse

from speech.states import CLIP_LIVE, ClipState


class VoiceQuerySet(models.QuerySet["Voice"]):
    def listed(self) -> Self:
        """The library: every voice whose consent is stated, archived or not."""
        return self.filter(unlisted_in=None)

    def unlisted(self) -> Self:
        """Those that came through the API and that nobody has stated the consent for."""
        return self.exclude(unlisted_in=None)


class Voice(models.Model):
    """A reference clip with its checks and its consent. The library belongs to the whole studio.

    `source_url` is what a person typed; `clip` is our own re-encoded copy (FLAC), `clip_mp3` the
    copy that is pushed to a provider. The bytes that arrived are never kept or served.
    """

    name = models.CharField(max_length=80)
    source_url = models.URLField(max_length=2000, blank=True)
    original_name = models.CharField(max_length=200, blank=True)
    incoming = models.CharField(max_length=200, blank=True)
    """Storage name of an upload that waits for its check; removed by the task."""
    clip = models.FileField(upload_to="", blank=True, max_length=200)
    clip_mp3 = models.FileField(upload_to="", blank=True, max_length=200)
    state = models.CharField(max_length=12, choices=ClipState, default=ClipState.WAITING)
    sentence = models.TextField(blank=True)
    findings = models.JSONField(default=list, blank=True)
    measured = models.JSONField(default=dict, blank=True)
    duration = models.FloatField(null=True, blank=True)
    lufs = models.FloatField(null=True, blank=True)
    pitch_hz = models.FloatField(null=True, blank=True)
    sha256 = models.CharField(max_length=64, blank=True)
    consent_by = models.CharField(max_length=120, blank=True)
    consent_for = models.CharField(max_length=500, blank=True)
    unlisted_in = models.ForeignKey(
        "speech.Project", on_delete=models.CASCADE, null=True, blank=True, related_name="+"
    )
    """The project whose API brought it, as long as nobody has stated the consent: until then it is
    kept out of the library, and nothing that it reads can be approved."""
    arrived_by = models.ForeignKey(
        "speech.ApiKey", on_delete=models.SET_NULL, null=True, blank=True, related_name="voices"
    )
    """The API key that brought it."""
    params = models.JSONField(default=dict, blank=True)
    """Tuning knobs that this voice prefers."""
    is_demo = models.BooleanField(default=False)
    created_by = models.ForeignKey(
        "speech.User", on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    archived_at = models.DateTimeField(null=True, blank=True)
    due_at = models.DateTimeField(null=True, blank=True)
    """When the clip task should (again) look at this voice; None when nothing is to be done."""
    attempts = models.IntegerField(default=0)

    objects = VoiceQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="voice_ready_has_a_clip",
                condition=~Q(state=ClipState.READY)
                | (~Q(clip="") & ~Q(sha256="") & Q(duration__isnull=False)),
            ),
            models.CheckConstraint(
                name="voice_has_consent_or_is_unlisted",
                condition=(~Q(consent_by="") & ~Q(consent_for="")) | Q(unlisted_in__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def has_consent(self) -> bool:
        return bool(self.consent_by and self.consent_for)

    @property
    def is_live(self) -> bool:
        return self.state in CLIP_LIVE

    @property
    def is_usable(self) -> bool:
        return self.state == ClipState.READY and self.archived_at is None

    def get_absolute_url(self) -> str:
        return reverse("speech:voice", args=[self.pk])


class ProviderClip(models.Model):
    """A clip that was pushed to a provider's storage: pushed once, remembered, pushed again when
    a job fails blaming the reference."""

    voice = models.ForeignKey(Voice, on_delete=models.CASCADE, related_name="provider_clips")
    provider = models.CharField(max_length=200)
    sha256 = models.CharField(max_length=64)
    url = models.URLField(max_length=2000)
    pushed_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["voice", "provider", "sha256"], name="pushed_once"),
        ]
