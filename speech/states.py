"""States as data: the words a row may hold, which sets they form, and which moves are legal."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from django.db.models import TextChoices


class JobState(TextChoices):
    """How far a take has come. `submitting` is committed *before* the request goes out."""

    QUEUED = "queued", "Queued"
    CLAIMED = "claimed", "Starting"
    SUBMITTING = "submitting", "Sending"
    RUNNING = "running", "Rendering"
    DOWNLOADING = "downloading", "Saving"
    MEASURING = "measuring", "Measuring"
    DONE = "done", "Done"
    FAILED = "failed", "Failed"
    CANCELLED = "cancelled", "Cancelled"
    EXPIRED = "expired", "Expired"
    UNKNOWN = "unknown", "May have been charged"


J = JobState
LIVE = frozenset({J.QUEUED, J.CLAIMED, J.SUBMITTING, J.RUNNING, J.DOWNLOADING, J.MEASURING})
OWNED = LIVE - {J.QUEUED}
"""A driver holds these; a dead driver's are adopted, or, for `submitting`, become `unknown`."""
FINISHED = frozenset({J.DONE, J.FAILED, J.CANCELLED, J.EXPIRED, J.UNKNOWN})
RETRYABLE = frozenset({J.FAILED, J.CANCELLED, J.EXPIRED})
"""A person may ask again. What the earlier try cost, if anything, stays with its row."""

MOVES: Mapping[JobState, frozenset[JobState]] = MappingProxyType(
    {
        J.QUEUED: frozenset({J.CLAIMED, J.CANCELLED, J.FAILED}),
        J.CLAIMED: frozenset({J.QUEUED, J.SUBMITTING, J.CANCELLED, J.FAILED}),
        J.SUBMITTING: frozenset(
            {J.QUEUED, J.RUNNING, J.DOWNLOADING, J.CANCELLED, J.FAILED, J.UNKNOWN}
        ),
        J.RUNNING: frozenset({J.QUEUED, J.DOWNLOADING, J.CANCELLED, J.FAILED, J.EXPIRED}),
        J.DOWNLOADING: frozenset({J.MEASURING, J.CANCELLED, J.FAILED, J.EXPIRED}),
        J.MEASURING: frozenset({J.DONE, J.DOWNLOADING, J.CANCELLED, J.FAILED}),
        J.DONE: frozenset(),
        J.FAILED: frozenset(),
        J.CANCELLED: frozenset(),
        J.EXPIRED: frozenset(),
        J.UNKNOWN: frozenset(),
    }
)
"""`running → queued` only where an engine's resubmit is free; see `speech.jobs`. From `submitting`
on, `cancelled` means that a person asked for it, and that the result, if any, is thrown away."""


class Waits(TextChoices):
    """What a queued job waits for before it may be sent."""

    BUDGET = "budget", "Waits for budget: the project’s is used up"
    KEY_BUDGET = "key_budget", "Waits for budget: the API key’s is used up"
    CLIP = "clip", "Waits until its reference clip is checked"


OVER_BUDGET = (Waits.BUDGET.value, Waits.KEY_BUDGET.value)


class Cancel(TextChoices):
    """What becomes of the result of a take that was cancelled while it was being made."""

    DISCARD = "discard", "Discard the result"
    KEEP = "keep", "Keep the result"


class Role(TextChoices):
    OWNER = "owner", "Owner"
    PRODUCER = "producer", "Producer"
    REVIEWER = "reviewer", "Reviewer"
    VIEWER = "viewer", "Viewer"


class ClipState(TextChoices):
    """How far a voice's reference clip has come."""

    WAITING = "waiting", "Waiting"
    FETCHING = "fetching", "Fetching the clip"
    CHECKING = "checking", "Checking the clip"
    READY = "ready", "Ready"
    REFUSED = "refused", "Not usable"


CLIP_LIVE = frozenset({ClipState.WAITING, ClipState.FETCHING, ClipState.CHECKING})


class LinkKind(TextChoices):
    FIRST_ADMINISTRATOR = "first_administrator", "First administrator"
    INVITATION = "invitation", "Invitation"
    PASSWORD_RESET = "password_reset", "New password"


class BatchKind(TextChoices):
    REPEATS = "repeats", "Repeats"
    AGAIN = "again", "Again"
    DEMO = "demo", "Demo"
    SWEEP = "sweep", "Sweep"
    API = "api", "Via API"


class ReviewState(TextChoices):
    """How far a take has come with the people who decide."""

    NONE = "none", "Not submitted"
    WAITING = "waiting", "Waiting for review"
    CHANGES = "changes", "Changes asked"
    APPROVED = "approved", "Approved"
    SUPERSEDED = "superseded", "Superseded"


class Verdict(TextChoices):
    APPROVE = "approve", "Approved"
    CHANGES = "changes", "Asked for changes"


class ApprovalPolicy(TextChoices):
    """Who has to approve a take before it counts as approved."""

    ONE = "one", "One approval"
    COUNT = "count", "Several approvals"
    NAMED = "named", "Each of the named approvers"


class VoteMethod(TextChoices):
    PICK = "pick", "Pick the best"
    RANK = "rank", "Rank all"


class NoticeKind(TextChoices):
    MENTION = "mention", "Somebody mentions you"
    REPLY = "reply", "Somebody replies to you"
    REVIEW_ASKED = "review_asked", "A take waits for your review"
    DECISION = "decision", "A decision on a take of yours"
    APPROVAL_FELL = "approval_fell", "An approval of yours fell"
    VOTE_ASKED = "vote_asked", "A listening test waits for your vote"


class DeliveryState(TextChoices):
    WAITING = "waiting", "Waiting"
    MAKING = "making", "Being made"
    DONE = "done", "Ready"
    FAILED = "failed", "Failed"


class Charged(TextChoices):
    """What is known about the money of one submission."""

    NO = "no", "Not charged"
    YES = "yes", "Charged"
    MAYBE = "maybe", "May have been charged"


NOT_CONFIGURED = "not_configured"
"""The pause code of an engine whose settings are gone: none of its jobs can move."""
