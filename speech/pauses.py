"""Why submissions to an engine are paused, and what lets them go on: one table, by code.

Rule: where the account itself answers for free whether the cause is gone (its key, its credits),
a task looks once a minute and submissions go on by themselves; everything else waits for an
administrator. Reason: nobody should have to come back to press a button after adding credits; but
a model that is gone or an address that redirects cannot be tried without a submission, and that
may cost money. Price: an account whose balance looks fine while each submission is refused would
stop and go for ever, so that it goes on by itself only so many times an hour.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from types import MappingProxyType

from speech.states import NOT_CONFIGURED

BY_HAND = "by_hand"
MOST_RESUMES = 3
RESUMES_WITHIN = timedelta(hours=1)
"""How often submissions go on by themselves within so long."""

ADMINISTRATOR = "An administrator has to resume it."


@dataclass(frozen=True, kw_only=True)
class Pause:
    """`words`: the reason in two or three words. `ends`: the sentence that says what it takes."""

    words: str
    ends: str
    looked_at: bool = False
    """A free call tells whether the cause is gone; then submissions go on by themselves."""
    can_resume: bool = True
    """A person may resume it."""


PAUSES: Mapping[str, Pause] = MappingProxyType(
    {
        "insufficient_credits": Pause(
            words="too few credits",
            ends="It goes on by itself once the account has credits for a take; that is looked at"
            " once a minute.",
            looked_at=True,
        ),
        "unauthorized": Pause(
            words="key refused",
            ends="It goes on by itself once the key works and the account has credits for a take;"
            " that is looked at once a minute.",
            looked_at=True,
        ),
        "spend_limit": Pause(
            words="spend limit reached",
            ends=f"{ADMINISTRATOR} Raise the team’s spend limit at the provider first.",
        ),
        "redirected": Pause(
            words="address redirects",
            ends=f"{ADMINISTRATOR} Correct the address in the settings first.",
        ),
        "forbidden": Pause(
            words="model not allowed",
            ends=f"{ADMINISTRATOR} Let the account use the model first.",
        ),
        "model_not_found": Pause(
            words="model not found",
            ends=f"{ADMINISTRATOR} Check the address in the settings first.",
        ),
        "wrong_verb": Pause(
            words="wrong address",
            ends=f"{ADMINISTRATOR} Check the address in the settings first.",
        ),
        "model_retired": Pause(
            words="model retired",
            ends=f"{ADMINISTRATOR} The provider has retired the model, so that a newer release of"
            " the studio may be needed.",
        ),
        BY_HAND: Pause(words="paused by hand", ends=ADMINISTRATOR),
        NOT_CONFIGURED: Pause(
            words="not configured",
            ends="It goes on by itself once the engine is set up again on the server.",
            can_resume=False,
        ),
    }
)
LOOKED_AT = frozenset(code for code, pause in PAUSES.items() if pause.looked_at)


def pause_of(code: str) -> Pause:
    """What is known of a reason; one that nobody has foreseen waits for an administrator."""
    return PAUSES.get(code) or Pause(words=code.replace("_", " "), ends=ADMINISTRATOR)
