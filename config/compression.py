"""Compresses pages, and nothing else.

A project page is some 170 kB of rows and cards and shrinks to a tenth. Sound is left alone: it is
compressed already, and byte ranges would no longer fit. Django's own middleware does the work; it
pads its answers at random against attacks that read a secret off their length.
"""

from __future__ import annotations

from django.http import HttpRequest, HttpResponseBase
from django.middleware.gzip import GZipMiddleware


class PageCompression(GZipMiddleware):
    def process_response(
        self, request: HttpRequest, response: HttpResponseBase
    ) -> HttpResponseBase:
        if not response.get("Content-Type", "").startswith("text/html"):
            return response
        return super().process_response(request, response)
