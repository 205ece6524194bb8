"""Strict readers for the environment. A wrong value raises `ImproperlyConfigured` with the cure.

Every read is also a declaration: `DECLARED` lists name, default and meaning of each variable, so
that the README's table and `.env.example` can be checked against it. An empty value counts as
unset. A secret may come from a file instead (`NAME_FILE`), as Docker and systemd hand them out.
Variables may also stand in a file `.env` beside `manage.py` (`ENV_FILE` names another, empty
means none); the environment wins over the file.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

TRUE = frozenset({"1", "true", "yes", "on"})
FALSE = frozenset({"0", "false", "no", "off"})


@dataclass(frozen=True, kw_only=True)
class Variable:
    """One variable: its name, the default as a person would type it, and what it does."""

    name: str
    default: str
    help: str
    secret: bool = False


DECLARED: dict[str, Variable] = {}
_from_file: dict[str, str] = {}


def parse_file(text: str, *, source: str = ".env") -> dict[str, str]:
    """`NAME=value` lines; `#` starts a comment line; quotes around a value are taken off.

    Raises ImproperlyConfigured with the line number for anything else.
    """
    values: dict[str, str] = {}
    for number, raw in enumerate(text.splitlines(), start=1):
        line = raw.strip().removeprefix("export ")
        if not line or line.startswith("#"):
            continue
        name, equals, value = line.partition("=")
        if not equals or not name.strip().isidentifier():
            raise ImproperlyConfigured(f"{source}, line {number}: write NAME=value.")
        value = value.strip()
        if len(value) >= 2 and value[0] == value[-1] and value[0] in "\"'":
            value = value[1:-1]
        values[name.strip()] = value
    return values


def load_file(name: str) -> None:
    """Takes the variables of a file as a fallback to the environment; a missing one is fine."""
    _from_file.clear()
    path = Path(name)
    if name and path.is_file():
        _from_file.update(parse_file(path.read_text(encoding="utf-8"), source=str(path)))


def raw(name: str) -> str | None:
    """The value as typed, or None where it is unset or empty."""
    value = os.environ.get(name)
    if value is None:
        value = _from_file.get(name, "")
    return value.strip() or None


def text(name: str, default: str = "", *, help: str) -> str:  # noqa: A002 - reads well at the call
    _declare(name, default, help)
    value = raw(name)
    return default if value is None else value


def boolean(name: str, default: bool = False, *, help: str) -> bool:  # noqa: A002
    _declare(name, "1" if default else "0", help)
    value = raw(name)
    if value is None:
        return default
    if value.lower() in TRUE:
        return True
    if value.lower() in FALSE:
        return False
    raise ImproperlyConfigured(f"{name}={value!r} is neither yes nor no. Set {name}=1 or {name}=0.")


def integer(
    name: str,
    default: int,
    *,
    help: str,  # noqa: A002
    low: int = 0,
    high: int | None = None,
) -> int:
    _declare(name, str(default), help)
    value = raw(name)
    if value is None:
        return default
    span = f"from {low}" + (f" to {high}" if high is not None else " up")
    try:
        number = int(value)
    except ValueError:
        raise ImproperlyConfigured(
            f"{name}={value!r} is not a whole number. Set it to a number {span}."
        ) from None
    if number < low or (high is not None and number > high):
        raise ImproperlyConfigured(f"{name}={number} is out of range. Set it to a number {span}.")
    return number


def words(name: str, default: tuple[str, ...] = (), *, help: str) -> list[str]:  # noqa: A002
    """A list separated by commas."""
    _declare(name, ",".join(default), help)
    value = raw(name)
    if value is None:
        return list(default)
    return [word.strip() for word in value.split(",") if word.strip()]


def secret(name: str, default: str = "", *, help: str) -> str:  # noqa: A002
    """From `NAME`, or from the file that `NAME_FILE` names. The value is in no error message."""
    _declare(name, default, help + f" Or `{name}_FILE`: a file that holds it.", secret=True)
    value, file = raw(name), raw(f"{name}_FILE")
    if value is not None and file is not None:
        raise ImproperlyConfigured(f"{name} and {name}_FILE are both set. Keep one of them.")
    if file is None:
        return default if value is None else value
    try:
        content = Path(file).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "not text"
        raise ImproperlyConfigured(
            f"{name}_FILE={file!r} cannot be read ({reason}). Give the path of a readable file."
        ) from None
    if not content:
        raise ImproperlyConfigured(f"{name}_FILE={file!r} is empty. Write the secret into it.")
    return content


def missing(name: str, because: str) -> ImproperlyConfigured:
    """The error for a variable that something else makes necessary."""
    return ImproperlyConfigured(f"{name} is not set, but {because}. Set {name}.")


def declared() -> Mapping[str, Variable]:
    return dict(DECLARED)


def _declare(name: str, default: str, meaning: str, *, secret: bool = False) -> None:
    DECLARED[name] = Variable(name=name, default=default, help=meaning, secret=secret)
