"""What stops a reading. The messages of the first are clauses, of the second sentences."""

from __future__ import annotations


class NotSpeakable(Exception):
    """espeak-ng is missing, or would not do what it was told; says which."""


class CannotRead(Exception):
    """No reading can be made of this text; the message is for people."""


class TooLong(Exception):
    """The reading passed the longest that was allowed."""
