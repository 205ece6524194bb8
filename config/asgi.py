"""The door for a web server: `uvicorn config.asgi:application`."""

from __future__ import annotations

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

django_application = get_asgi_application()

from django.conf import settings  # noqa: E402 - after Django is set up

from config import services  # noqa: E402
from config.body_limit import BodyLimit  # noqa: E402
from config.forwarded import ForwardedHeaders  # noqa: E402
from speech.wire import UPLOAD_PATH  # noqa: E402

application = ForwardedHeaders(
    BodyLimit(django_application, most=settings.UPLOAD_MAX_BYTES, encoded=frozenset({UPLOAD_PATH})),
    # Without a public address no proxy is expected, and nobody's word is taken.
    proxies=services.proxies(settings.TRUSTED_PROXIES if settings.PUBLIC_URL else []),
    host=settings.PUBLIC_HOST,
)
