from __future__ import annotations

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower

from speech.states import LinkKind, Role


class User(AbstractUser):
    """A person. `is_superuser` is the studio's administrator; roles live on memberships."""

    news = models.BigIntegerField(default=0)
    """Moves when something concerns this person: what their change feed reads."""
    muted = models.JSONField(default=list, blank=True)
    """What they do not want to be told: "app:<kind>" or "mail:<kind>" of `NoticeKind`."""
    may_create_projects = models.BooleanField(default=False)
    """Named by an administrator; administrators may in any case."""
    keeps_voices = models.BooleanField(default=False)
    """May change every voice of the library, not only those they added."""

    class Meta:
        constraints = [
            models.UniqueConstraint(Lower("email"), name="user_email_once", condition=~Q(email="")),
        ]

    @property
    def label(self) -> str:
        return self.get_full_name() or self.username

    @property
    def initials(self) -> str:
        words = self.label.replace(".", " ").replace("_", " ").split()
        return "".join(word[0] for word in words[:2]).upper() or "?"

    @property
    def is_administrator(self) -> bool:
        return self.is_superuser


class OneTimeLink(models.Model):
    """A link that works once, consumed by a POST: link previewers send GETs.

    Only the SHA-256 of the token is stored. `project` and `role` belong to invitations, `user`
    to new passwords.
    """

    kind = models.CharField(max_length=24, choices=LinkKind)
    token_hash = models.CharField(max_length=64, unique=True)
    project = models.ForeignKey(
        "speech.Project", on_delete=models.CASCADE, null=True, blank=True, related_name="links"
    )
    role = models.CharField(max_length=12, choices=Role, blank=True)
    user = models.ForeignKey(
        "speech.User", on_delete=models.CASCADE, null=True, blank=True, related_name="links"
    )
    note = models.CharField(max_length=200, blank=True)
    created_by = models.ForeignKey(
        "speech.User", on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="link_kind_fields",
                condition=(
                    Q(kind=LinkKind.FIRST_ADMINISTRATOR, project=None, user=None)
                    | Q(kind=LinkKind.INVITATION, user=None)
                    | Q(kind=LinkKind.PASSWORD_RESET, user__isnull=False, project=None)
                ),
            ),
        ]


class SignInAttempt(models.Model):
    """Failed sign-ins, kept for the throttle: by name and by address, pruned after a day."""

    name_hash = models.CharField(max_length=64)
    address = models.CharField(max_length=64)
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes = [
            models.Index(fields=["name_hash", "at"], name="attempt_by_name"),
            models.Index(fields=["address", "at"], name="attempt_by_address"),
        ]
