"""The socket that the studio listens on.

The supervisor opens it once and hands it to each web process. Reason: while a web process is
replaced, callers wait in the backlog instead of being refused; and a taken port is known before
anything starts.
"""

from __future__ import annotations

import socket


class PortTaken(Exception):
    """Somebody else listens there; the message says the cure."""


def listen(host: str, port: int) -> socket.socket:
    """A bound socket; port 0 takes a free one."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host.strip("[]"), port))
        listener.listen(2048)
    except OSError as error:
        listener.close()
        raise PortTaken(
            f"Cannot listen on {host}:{port} ({error.strerror}). Choose another: PORT={port + 1}"
        ) from error
    return listener


def address(host: str, port: int) -> str:
    """Where a browser on this machine reaches that socket."""
    reachable = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, host)  # noqa: S104 - compared
    if ":" in reachable and not reachable.startswith("["):
        reachable = f"[{reachable}]"
    return f"http://{reachable}:{port}"
