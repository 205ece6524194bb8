"""The one list of routes whose path is a secret, and how text is rid of such paths.

Rule: whoever holds one of these addresses may do what it is for, so it stands in no log line, no
error mail and no report. Everything below a prefix counts, spelled right or not: a link that was
mangled on its way still holds its token. Reason: Django logs the path of each request that it
refuses, and its reports hold much more. Price: a word of ordinary text that begins with one of the
prefixes is hidden too. A test walks all URL patterns, so that a new route is either listed here or
known to tell nothing.
"""

from __future__ import annotations

import re

SECRET_PREFIXES = ("/clips/", "/guest/", "/link/", "/outputs/")
SECRET_PARAMETERS = ("code", "key", "state", "token")
"""Parameters of a query that are secrets wherever they stand."""
HIDDEN = "…"

_SLASH = "(?:/|%2f)"
_PREFIX = "|".join(re.escape(prefix).replace("/", _SLASH) for prefix in SECRET_PREFIXES)
_PATH = re.compile(rf"((?:{_PREFIX})(?:\s|{_SLASH})*)(?:(?!{_SLASH})[^\s?#\"'<>&])+", re.IGNORECASE)
_PARAMETER = re.compile(rf"([?&](?:{'|'.join(SECRET_PARAMETERS)})=)[^\s&#\"'<>]+", re.IGNORECASE)


def is_secret(path: str) -> bool:
    return path.lower().startswith(SECRET_PREFIXES)


def hide_secrets(text: str) -> str:
    """The text with the secret part of each such path and query left out."""
    return _PARAMETER.sub(rf"\1{HIDDEN}", _PATH.sub(rf"\1{HIDDEN}", text))
