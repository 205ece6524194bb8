"""Who may come in, how their work is run, and what each refusal looks like."""

from __future__ import annotations

import logging
import math
import threading
import time
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any, Concatenate, ParamSpec, TypeVar

from asgiref.sync import sync_to_async
from django.contrib.auth.decorators import login_not_required
from django.db import connections
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.views.decorators.csrf import csrf_exempt

from speech import wire
from speech.errors import BadInput, StudioError, WrongState
from speech.models import ApiKey
from speech.services import front_door, keys

P = ParamSpec("P")
T = TypeVar("T")
Handler = Callable[Concatenate[HttpRequest, P], HttpResponse]
View = Callable[Concatenate[HttpRequest, P], Coroutine[Any, Any, HttpResponseBase]]

DESKS = 8
"""Threads that work for callers, and so the most database connections that they take up: each
keeps its own for the next caller, since opening one costs as much as the answer."""
KEPT_SECONDS = 30.0
"""How long a desk keeps a connection, at most."""
MOST_BODY = 256 * 1024
"""Bytes of a request without a file: a text of 500 characters has room."""
NOT_ALLOWED = (
    "<!doctype html>\n<html lang=en><title>405 Method Not Allowed</title>"
    "<h1>Method Not Allowed</h1></html>"
)
BEARER = "A bearer token is not taken. Send the key in the header x-api-key."

logger = logging.getLogger(__name__)
_desks = ThreadPoolExecutor(max_workers=DESKS, thread_name_prefix="api")
_since = threading.local()


class NoKey(StudioError):
    """No key, or none that works."""

    code = "no_key"


class NoSuch(StudioError):
    """There is no such model, or no such request (any more)."""

    code = "no_such"


class WrongType(StudioError):
    """The body is not announced as JSON."""

    code = "wrong_type"


def quick(method: str) -> Callable[[Handler[P]], View[P]]:
    """A view that is answered from the database at once, in one piece and in one thread."""

    def made(handle: Handler[P]) -> View[P]:
        async def view(
            request: HttpRequest, /, *args: P.args, **given: P.kwargs
        ) -> HttpResponseBase:
            return await at_a_desk(lambda: handle(request, *args, **given))

        return _door(method, view)

    return made


def patient(method: str) -> Callable[[View[P]], View[P]]:
    """A view that may wait; its own steps go to `at_a_desk`."""
    return lambda handle: _door(method, handle)


async def at_a_desk(work: Callable[[], T]) -> T:
    """What `work` gives, done in one of the few threads, each with its database connection."""

    def done() -> T:
        _renew_connections()
        return work()

    return await sync_to_async(done, thread_sensitive=False, executor=_desks)()


def _renew_connections() -> None:
    """Close this thread's connections where they have failed or are old; the next query opens
    them again."""
    now = time.monotonic()
    old = now - getattr(_since, "at", now) > KEPT_SECONDS
    for connection in connections.all(initialized_only=True):
        if old or connection.errors_occurred:
            connection.close()
    if old or not hasattr(_since, "at"):
        _since.at = now


def caller(request: HttpRequest) -> ApiKey:
    """The key that came with a request, its use noted. Raises `NoKey`, or `WrongState` where its
    project is archived."""
    secret = request.headers.get(wire.KEY_HEADER, "").strip()
    key = keys.find_key(secret)
    if key is None:
        bearer = not secret and request.headers.get("authorization", "")
        raise NoKey(BEARER if bearer else "The API key is missing or was rejected")
    front_door.refuse_archived(key)
    keys.note_use(key)
    return key


def json_body(request: HttpRequest, *, most: int = MOST_BODY) -> object:
    """The decoded body. Raises `WrongType` or `BadInput`."""
    if request.content_type != "application/json":
        raise WrongType("Invalid content type")
    # Read from the stream: `request.body` has a limit that is meant for forms.
    raw = request.read(most + 1)
    if len(raw) > most:
        raise BadInput(f"The body is larger than {most // 1024:,} kB.")
    try:
        return wire.decode(raw)
    except wire.WireError as error:
        raise BadInput("The body is not JSON.") from error


def refusal(error: StudioError) -> HttpResponse:
    """The protocol's answer to what went wrong."""
    match error:
        case NoKey():
            status = HTTPStatus.UNAUTHORIZED
            body = wire.ErrorBody(
                error="unauthorized", description=error.sentence, status_code=status
            )
            return answer(body.dump(), status)
        case NoSuch():
            return _said(error, HTTPStatus.NOT_FOUND)
        case WrongType() | front_door.SpendLimit():
            return _said(error, HTTPStatus.NOT_ACCEPTABLE)
        case front_door.TooManyCalls():
            response = _said(error, HTTPStatus.TOO_MANY_REQUESTS)
            response[wire.RATE_RESET_HEADER] = moment(error.until)
            return response
        case front_door.OtherBody():
            return _said(error, HTTPStatus.CONFLICT)
        case front_door.NotSetUp():
            return _said(error, HTTPStatus.SERVICE_UNAVAILABLE)
        case WrongState():
            return _said(error, HTTPStatus.FORBIDDEN)
        case _:
            return _said(error, HTTPStatus.BAD_REQUEST)


def answer(body: dict[str, object], status: int = HTTPStatus.OK) -> JsonResponse:
    response = JsonResponse(body, status=status)
    response["Cache-Control"] = "no-store"
    return response


def moment(at: datetime) -> str:
    """As the provider writes it; in whole seconds, and never too early."""
    return datetime.fromtimestamp(math.ceil(at.timestamp()), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _door(method: str, view: View[P]) -> View[P]:
    async def opened(request: HttpRequest, /, *args: P.args, **given: P.kwargs) -> HttpResponseBase:
        if request.method != method:
            return HttpResponse(
                NOT_ALLOWED, status=HTTPStatus.METHOD_NOT_ALLOWED, headers={"Allow": method}
            )
        try:
            return await view(request, *args, **given)
        except StudioError as error:
            return refusal(error)
        except Exception:
            logger.exception("%s %s failed", request.method, request.path)
            words = "Something went wrong in the studio. Its administrator finds the reason."
            return answer(wire.ErrorBody(error=words).dump(), HTTPStatus.INTERNAL_SERVER_ERROR)

    return login_not_required(csrf_exempt(opened))


def _said(error: StudioError, status: HTTPStatus) -> HttpResponse:
    return answer(wire.ErrorBody(error=error.sentence).dump(), status)
