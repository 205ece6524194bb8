"""What stops a reading. The messages of the first are clauses, of the second sentences."""

from __future__ import annotations

CANNOT_SPEAK = 3
"""Exit status: this text cannot be spoken; {"error": sentence} is on stdout."""
NOT_HERE = 4
"""Exit status: it cannot be spoken on this machine or now; {"error": sentence} is on stdout."""


class NotSpeakable(Exception):
    """espeak-ng is missing, or would not do what it was told; says which."""


class CannotRead(Exception):
    """No reading can be made of this text; the message is for people."""


class TooLong(Exception):
    """The reading passed the longest that was allowed."""
