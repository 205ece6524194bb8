from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.urls import reverse

from speech.states import ApprovalPolicy, Role


class Project(models.Model):
    """A script, the people on it, and its takes. `version` moves with every visible change."""

    slug = models.SlugField(max_length=80, unique=True)
    name = models.CharField(max_length=120)
    defaults = models.JSONField(default=dict, blank=True)
    """Tuning knobs that differ from the provider's defaults (see `speech.params.TUNING`)."""
    voice = models.ForeignKey(
        "speech.Voice", on_delete=models.SET_NULL, null=True, blank=True, related_name="projects"
    )
    approval_policy = models.CharField(
        max_length=8, choices=ApprovalPolicy, default=ApprovalPolicy.ONE
    )
    approvals_needed = models.IntegerField(default=2)
    """How many different people, where the policy counts them."""
    own_approval = models.BooleanField(default=True)
    """Whether people may approve takes that they made themselves."""
    budget = models.DecimalField(max_digits=10, decimal_places=2, null=True, blank=True)
    """US dollars that its takes may cost in all; None for no limit."""
    is_demo = models.BooleanField(default=False)
    version = models.BigIntegerField(default=0)
    created_by = models.ForeignKey(
        "speech.User", on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    active_at = models.DateTimeField(auto_now_add=True)
    archived_at = models.DateTimeField(null=True, blank=True)
    members = models.ManyToManyField("speech.User", through="speech.Membership")

    class Meta:
        constraints = [
            models.CheckConstraint(name="project_has_a_name", condition=~Q(name="")),
            models.CheckConstraint(
                name="project_budget", condition=Q(budget=None) | Q(budget__gte=0)
            ),
            models.CheckConstraint(
                name="project_approval_policy",
                condition=Q(approval_policy__in=ApprovalPolicy.values),
            ),
            models.CheckConstraint(
                name="project_approvals_needed",
                condition=Q(approvals_needed__gte=2, approvals_needed__lte=20),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("speech:project", args=[self.slug])


class Membership(models.Model):
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="memberships")
    user = models.ForeignKey("speech.User", on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=12, choices=Role)
    approver = models.BooleanField(default=False)
    """Named as one whose approval is needed, where the project's policy says so."""
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["project", "user"], name="one_membership_each"),
            models.CheckConstraint(name="membership_role", condition=Q(role__in=Role.values)),
        ]


class Line(models.Model):
    """One piece of the script, read by one voice. `position` counts from 1 among live lines."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="lines")
    position = models.IntegerField()
    text = models.TextField(blank=True)
    direction = models.CharField(max_length=300, blank=True)
    pause_after = models.FloatField(default=0.4)
    """Seconds of silence after this line in the joined programme."""
    voice = models.ForeignKey(
        "speech.Voice", on_delete=models.SET_NULL, null=True, blank=True, related_name="lines"
    )
    params = models.JSONField(default=dict, blank=True)
    """Tuning knobs that differ from the project's."""
    pinned_seed = models.IntegerField(null=True, blank=True)
    chosen_take = models.OneToOneField(
        "speech.Take", on_delete=models.SET_NULL, null=True, blank=True, related_name="chosen_for"
    )
    takes_made = models.IntegerField(default=0)
    """The highest take number given out; a deleted number is never used again."""
    revision = models.IntegerField(default=1)
    version = models.BigIntegerField(default=0)
    updated_at = models.DateTimeField(auto_now=True)
    deleted_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["project", "position"],
                condition=Q(deleted_at=None),
                name="one_line_order_per_project",
            ),
            models.CheckConstraint(
                name="line_pause_range", condition=Q(pause_after__gte=0, pause_after__lte=30)
            ),
            models.CheckConstraint(
                name="line_pinned_seed_positive",
                condition=Q(pinned_seed=None) | Q(pinned_seed__gte=1),
            ),
        ]
        indexes = [models.Index(fields=["project", "version"], name="line_changes")]

    def get_absolute_url(self) -> str:
        return reverse("speech:line", args=[self.project.slug, self.pk])
