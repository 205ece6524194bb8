"""Every status that the front door answers, what it means, and what to do. Told once."""

from __future__ import annotations

from dataclasses import dataclass

from speech.wire.paths import (
    IDEMPOTENCY_HEADER,
    KEY_HEADER,
    RATE_RESET_HEADER,
    REQUEST_ID_HEADER,
)


@dataclass(frozen=True, kw_only=True)
class Code:
    """A status that the front door answers. Only 200 can cost money."""

    status: int
    name: str
    means: str
    do: str

    @property
    def is_fault(self) -> bool:
        return self.status >= 400


CODES: tuple[Code, ...] = (
    Code(
        status=200,
        name="OK",
        means="It was accepted, or here is what you asked for.",
        do="Go on.",
    ),
    Code(
        status=400,
        name="Bad request",
        means="A parameter is missing, of the wrong kind, unknown or out of range, or the body is"
        " not a JSON object. The message names every fault. Nothing was charged.",
        do="Correct it; the same request would be refused again.",
    ),
    Code(
        status=401,
        name="Unauthorized",
        means=f"The key is missing, unknown or revoked. It goes into {KEY_HEADER}; bearer tokens"
        " are not read.",
        do="Check the key, or ask an owner of the project for another one.",
    ),
    Code(
        status=403,
        name="Forbidden",
        means="The key is good, but its project is archived: nothing is made or told there.",
        do="Ask an owner to restore the project.",
    ),
    Code(
        status=404,
        name="Not found",
        means="There is no such model or address, or the request id is unknown, belongs to"
        " another project, or is older than the protocol remembers.",
        do="Look for the take in the project: it is kept there for ever.",
    ),
    Code(
        status=405,
        name="Method not allowed",
        means="The address is right, the verb is not. The body is an HTML page, as at Segmind.",
        do="Use the verb from the list of calls.",
    ),
    Code(
        status=406,
        name="Not acceptable",
        means="Either the Content-Type is not application/json, or what is left of the budget of"
        " the key or of its project does not cover the take. The message says which, and how much"
        " is left. Nothing was charged.",
        do="Send JSON, or ask an owner for more budget.",
    ),
    Code(
        status=409,
        name="Conflict",
        means=f"This {IDEMPOTENCY_HEADER} was sent before, with another body.",
        do="Use a new value for a new request.",
    ),
    Code(
        status=413,
        name="Content too large",
        means="The body is larger than the studio takes.",
        do="Send a shorter clip: 10 to 15 seconds are best.",
    ),
    Code(
        status=422,
        name="Unprocessable content",
        means="The take was tried and could not be made. The body says why in error, and what is"
        " known of the money; at the addresses of a request it has the state FAILED as well.",
        do="Final for this request. Correct what error names, and ask again.",
    ),
    Code(
        status=429,
        name="Too many requests",
        means=f"More requests within a minute than the key may make. {RATE_RESET_HEADER} says when"
        " the next one is welcome. Nothing was accepted.",
        do="Wait until then, and send it again.",
    ),
    Code(
        status=500,
        name="Server error",
        means="Something went wrong in the studio.",
        do=f"Repeat a GET. Repeat a POST with the same {IDEMPOTENCY_HEADER} only.",
    ),
    Code(
        status=502,
        name="Bad gateway",
        means="A proxy before the studio got no sensible answer.",
        do=f"Repeat a GET. Repeat a POST with the same {IDEMPOTENCY_HEADER} only.",
    ),
    Code(
        status=503,
        name="Unavailable",
        means="The studio, or its database, is not there for a moment; or the engine of the key is"
        " not set up in this studio, and error says so.",
        do=f"Repeat a GET. Repeat a POST with the same {IDEMPOTENCY_HEADER} only. Where error names"
        " the engine, tell the administrator.",
    ),
    Code(
        status=504,
        name="Timed out",
        means="It was not finished while this call could be held. A take goes on, and may be"
        " charged.",
        do=f"Ask for a take with the id in {REQUEST_ID_HEADER}: sent again, it is another one. A"
        " clip may be sent again: it is kept.",
    ),
)
BY_STATUS = {code.status: code for code in CODES}
