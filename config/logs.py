"""What the log must not hold: the addresses of links are secrets."""

from __future__ import annotations

import logging
import re

_SECRET = re.compile(r"(/(?:guest|link)/)[\w~.-]+")


class LineFormatter(logging.Formatter):
    """Leaves the tokens of one-time links and guest links out of every line, tracebacks too.

    Django itself logs the path of each request that it refuses.
    """

    def format(self, record: logging.LogRecord) -> str:
        return _SECRET.sub(r"\1…", super().format(record))
