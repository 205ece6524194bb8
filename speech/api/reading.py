"""What can be asked for: how far a request is, its result, and what a key may still spend."""

from __future__ import annotations

from http import HTTPStatus

from django.http import HttpRequest, HttpResponse

from speech import wire
from speech.api import bodies
from speech.api.door import NoSuch, answer, caller, quick
from speech.models import ApiCall
from speech.queries.api_calls import find_call
from speech.services import front_door


@quick("GET")
def request_status(request: HttpRequest, request_id: str) -> HttpResponse:
    call = _call(request, request_id)
    return _answer(call, bodies.status(call, origin=bodies.origin_of(request)))


@quick("GET")
def request_result(request: HttpRequest, request_id: str) -> HttpResponse:
    """The final body; before there is one, what `request_status` says."""
    call = _call(request, request_id)
    return _answer(call, bodies.result(call, origin=bodies.origin_of(request)))


@quick("GET")
def user_credits(request: HttpRequest) -> HttpResponse:
    key = caller(request)
    return answer(bodies.credits_left(key, engine=front_door.engine_of(key)).dump())


def _call(request: HttpRequest, request_id: str) -> ApiCall:
    call = find_call(caller(request), request_id)
    if call is None:
        raise NoSuch("Request not found")
    return call


def _answer(call: ApiCall, body: wire.StatusBody | wire.ResultBody) -> HttpResponse:
    failed = body.status is wire.StatusWord.FAILED
    response = answer(body.dump(), HTTPStatus.UNPROCESSABLE_ENTITY if failed else HTTPStatus.OK)
    response[wire.ENGINE_HEADER] = call.job.engine
    return response
