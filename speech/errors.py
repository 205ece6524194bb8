"""Every way a take can go wrong, as one tree.

    StudioError                       code, sentence
    ├── BadInput                      the person typed something that cannot be used
    │   └── ParamErrors               one `Fault` for each wrong field, all at once
    ├── NotAllowed                    a member without the right
    ├── WrongState                    the thing is no longer in a state that allows this
    ├── AudioError                    sound that cannot be read, or is not fit for its use
    │   ├── NotAudio                  no sound in it, damaged, or a format we refuse
    │   └── AudioTooBig               past the size or length limit
    ├── BlockedAddress                a URL that leads to a private or forbidden address
    └── EngineError                   what an engine answered; says what it means for the job
        ├── Refused                   final: retrying the same request cannot help
        ├── GenerationFailed          the job ran and failed upstream; final, not billed
        ├── NotAccepted               surely not accepted, not billed: may be sent again
        ├── RateLimited               not accepted; try again at `retry_at`
        ├── SubmitsPaused             not accepted, and no other will be until a person acts
        ├── OutcomeUnknown            may have been accepted and charged: never sent again by itself
        ├── TryLater                  a read that failed; reads are always safe to repeat
        ├── RecordExpired             the provider no longer knows the request
        └── BrokenAnswer              an answer that makes no sense, where no money is in doubt

Rule: each class carries a stable `code` (stored on rows, shown in the API), a `sentence` for
people, and, for engine errors, what it means for the job; the driver has one `match` over these
classes. Reason: the riskiest decision, whether a request may be sent again, is read off the
type. Price: every lower error must be mapped (`engines/http.py`), and a test walks the mapping.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar


class StudioError(Exception):
    """Anything we can explain. `sentence` is for people and never holds a key."""

    code: ClassVar[str] = "error"

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


class BadInput(StudioError):
    code = "bad_input"


@dataclass(frozen=True, kw_only=True)
class Fault:
    """One thing that is wrong with one field."""

    field: str
    sentence: str


class ParamErrors(BadInput):
    code = "bad_parameters"

    def __init__(self, faults: Sequence[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__(" ".join(fault.sentence for fault in self.faults))


class NotAllowed(StudioError):
    code = "not_allowed"


class WrongState(StudioError):
    code = "wrong_state"


class AudioError(StudioError):
    code = "bad_audio"


class NotAudio(AudioError):
    code = "not_audio"


class AudioTooBig(AudioError):
    code = "audio_too_big"


class BlockedAddress(StudioError):
    code = "blocked_address"


class EngineError(StudioError):
    """What an engine answered. `status` is the HTTP status where there was one."""

    code = "engine_error"

    def __init__(
        self,
        sentence: str,
        *,
        code: str | None = None,
        status: int | None = None,
        retry_at: datetime | None = None,
    ) -> None:
        super().__init__(sentence)
        self.reason: str = code or self.code
        self.status = status
        self.retry_at = retry_at


class Refused(EngineError):
    code = "refused"


class GenerationFailed(EngineError):
    code = "generation_failed"


class NotAccepted(EngineError):
    code = "not_accepted"


class RateLimited(EngineError):
    code = "rate_limited"


class SubmitsPaused(EngineError):
    code = "submits_paused"


class OutcomeUnknown(EngineError):
    code = "outcome_unknown"


class TryLater(EngineError):
    code = "try_later"


class RecordExpired(EngineError):
    code = "record_expired"


class BrokenAnswer(EngineError):
    code = "broken_answer"
