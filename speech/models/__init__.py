"""The rows, one module per noun.

Rule: constraints live in the database, and ranges in them are read from `speech.params`. Models
answer questions about themselves (`is_live`, `is_usable`); changing anything is the business of
`speech.services` (people) and `speech.jobs` (the driver). Reason: three interfaces and a worker
share each operation. Price: a range that changes upstream is a migration. Integer primary keys
on purpose: the newest take has the highest id, so paging by key costs one index.
"""

from speech.models.comments import Comment, GuestLink
from speech.models.deliveries import Delivery
from speech.models.engines import Allowance, Balance, EngineState
from speech.models.events import Event
from speech.models.jobs import DriverLease, Heartbeat, Job
from speech.models.keys import ApiCall, ApiKey
from speech.models.listening import Ballot, ListeningTest, TestEntry
from speech.models.news import Notice, Presence
from speech.models.people import OneTimeLink, SignInAttempt, User
from speech.models.projects import Line, Membership, Project
from speech.models.reviews import Decision, Hearing, MustSay, Review
from speech.models.studio import StudioSettings
from speech.models.takes import Batch, Star, Take
from speech.models.voices import ProviderClip, Voice

__all__ = [
    "Allowance",
    "ApiCall",
    "ApiKey",
    "Balance",
    "Ballot",
    "Batch",
    "Comment",
    "Decision",
    "Delivery",
    "DriverLease",
    "EngineState",
    "Event",
    "GuestLink",
    "Hearing",
    "Heartbeat",
    "Job",
    "Line",
    "ListeningTest",
    "Membership",
    "MustSay",
    "Notice",
    "OneTimeLink",
    "Presence",
    "Project",
    "ProviderClip",
    "Review",
    "SignInAttempt",
    "Star",
    "StudioSettings",
    "Take",
    "TestEntry",
    "User",
    "Voice",
]
