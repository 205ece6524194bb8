"""What no log and no error mail may hold: addresses that are secrets, and the secrets of settings.

Rule: a record is rid of secret paths when it is made, so that every handler, of this process or of
a library's (an access log, error mails), gets it clean; what is written out is gone over once more,
for tracebacks and for the token of the request at hand. Reports of errors (`ADMINS`, the debug
page) are gone over whole. Price: a regular expression for each line.
"""

from __future__ import annotations

import logging
import logging.config
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.safestring import SafeString, mark_safe
from django.views.debug import ExceptionReporter

from config import env
from speech.secret_paths import HIDDEN, hide_secrets, is_secret

SHORTEST_TOKEN = 8
"""Characters; a shorter word of a path guards nothing, and may stand in any sentence."""


class CleanRecord(logging.LogRecord):
    """A record without secret paths, in its arguments (an access log reads those) and as text."""

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        if isinstance(self.args, tuple):
            self.args = tuple(
                hide_secrets(one) if isinstance(one, str) else one for one in self.args
            )

    def getMessage(self) -> str:
        return hide_secrets(super().getMessage())


class LineFormatter(logging.Formatter):
    """Leaves secrets out of tracebacks as well."""

    def format(self, record: logging.LogRecord) -> str:
        return clean(super().format(record), getattr(record, "request", None))


class ErrorReport(ExceptionReporter):
    """Django's report of an error, for mails and for the page of DEBUG."""

    request: HttpRequest | None

    def get_traceback_html(self) -> SafeString:
        return mark_safe(clean(super().get_traceback_html(), self.request))  # noqa: S308 - was safe

    def get_traceback_text(self) -> SafeString:
        return mark_safe(clean(super().get_traceback_text(), self.request))  # noqa: S308 - was safe


def configure(config: dict[str, Any]) -> None:
    """Django's LOGGING_CONFIG."""
    logging.setLogRecordFactory(CleanRecord)
    logging.config.dictConfig(config)


def clean(text: str, request: object = None) -> str:
    """The text without secret paths, the token of this request, and the secrets of settings."""
    text = hide_secrets(text)
    for secret in (*_tokens(request), *_settings()):
        text = text.replace(secret, HIDDEN)
    return text


def _tokens(request: object) -> list[str]:
    match = getattr(request, "resolver_match", None)
    if match is None or not is_secret(getattr(request, "path", "")):
        return []
    words = [one for one in match.kwargs.values() if isinstance(one, str)]
    return [one for one in words if len(one) >= SHORTEST_TOKEN]


def _settings() -> list[str]:
    """What secret variables hold; a database's address holds its password."""
    names = [one.name for one in env.declared().values() if one.secret]
    values = [getattr(settings, name, "") for name in names]
    return [one for one in values if isinstance(one, str) and len(one) >= SHORTEST_TOKEN]
