"""What every call has in common: time limits, a complete answer, trust in certificates."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache

import httpx

BODY_LIMIT = 1024 * 1024
"""Bytes of a JSON answer; more is not an answer."""


@dataclass(frozen=True, kw_only=True)
class Timeouts:
    """Seconds. `total` bounds the whole call, so that a dripping answer ends.

    `total` must leave room for waiting, connecting and the handshake: then a POST that runs out of
    `total` was surely under way, and one that was not yet sent is never called in doubt.
    """

    connect: float = 5.0
    """For the connection, and again for the TLS handshake."""
    pool: float = 10.0
    """For a free connection."""
    write: float = 20.0
    read: float = 30.0
    total: float = 60.0

    def __post_init__(self) -> None:
        if self.total <= self.pool + 2 * self.connect:
            raise ValueError("total must be longer than pool + 2 × connect")

    def split(self) -> dict[str, float]:
        """As the transports take them."""
        return {
            "connect": self.connect,
            "pool": self.pool,
            "write": self.write,
            "read": self.read,
        }


@dataclass(frozen=True, kw_only=True)
class Answer:
    """One complete answer. Header names are lower-case."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)


@cache
def tls_context() -> ssl.SSLContext:
    """One for all: building it reads the certificate store (20 ms). Honours SSL_CERT_FILE."""
    return httpx.create_ssl_context()
