"""The web process: uvicorn on the socket that the supervisor opened, or on one of its own."""

from __future__ import annotations

import socket
from types import FrameType

import uvicorn
from django.conf import settings

from speech import stopping
from speech.running import family
from speech.running.listening import listen

GRACE_SECONDS = 2
"""Open requests get this long after a stop; then they are cut. Feeds end at once."""


class Server(uvicorn.Server):
    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        stopping.ask()
        super().handle_exit(sig, frame)


def serve(descriptor: int | None) -> None:
    """Serve until SIGTERM or SIGINT."""
    family.end_with_parent()
    stopping.arm()
    if descriptor is None:
        listener = listen(settings.HOST, settings.PORT)
    else:
        listener = socket.socket(fileno=descriptor)
    config = uvicorn.Config(
        "config.asgi:application",
        log_config=None,
        access_log=False,
        lifespan="off",
        ws="none",
        server_header=False,
        proxy_headers=False,  # `config.forwarded` reads them
        timeout_graceful_shutdown=GRACE_SECONDS,
        timeout_keep_alive=30,
    )
    Server(config).run(sockets=[listener])
