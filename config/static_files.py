"""WhiteNoise as an async middleware.

Rule: every middleware here is async-capable. Reason: WhiteNoise's own is sync only, and one such
link makes Django give each request a thread for as long as it lasts; hundreds of waiting API
calls and change feeds would be hundreds of threads. Price: this thin wrapper, which reads a
static file whole (they are small) instead of streaming it. Revisit when WhiteNoise learns ASGI.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from asgiref.sync import iscoroutinefunction, markcoroutinefunction, sync_to_async
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from whitenoise.middleware import WhiteNoiseMiddleware


class StaticFilesMiddleware(WhiteNoiseMiddleware):
    """Serves collected files with their hashes, compression and cache headers."""

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: Callable[[HttpRequest], Any]) -> None:
        super().__init__(get_response)
        self.is_async = iscoroutinefunction(get_response)
        if self.is_async:
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> HttpResponseBase | Awaitable[HttpResponseBase]:
        if self.is_async:
            return self.respond(request)
        found = self.find(request)
        return self.get_response(request) if found is None else self.whole(found, request)

    async def respond(self, request: HttpRequest) -> HttpResponseBase:
        # Looking a name up in a dictionary needs no thread; in DEBUG it searches the disk.
        found = await sync_to_async(self.find)(request) if self.autorefresh else self.find(request)
        if found is None:
            response: HttpResponseBase = await self.get_response(request)
            return response
        return await sync_to_async(self.whole)(found, request)

    def find(self, request: HttpRequest) -> Any:
        if self.autorefresh:
            return self.find_file(request.path_info)
        return self.files.get(request.path_info)

    @staticmethod
    def whole(static_file: Any, request: HttpRequest) -> HttpResponse:
        answer = static_file.get_response(request.method, request.META)
        body = b""
        if answer.file is not None:
            with answer.file:
                body = answer.file.read()
        response = HttpResponse(body, status=int(answer.status))
        del response["content-type"]
        for name, value in answer.headers:
            response[name] = value
        return response
