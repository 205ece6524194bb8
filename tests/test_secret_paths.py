"""Addresses that are secrets stand in no log line, no error mail and no report."""

from __future__ import annotations

import logging
import re
import secrets
from collections.abc import Iterator
from types import SimpleNamespace

import pytest
from django.core import mail
from django.core.handlers.exception import response_for_exception
from django.test import Client, RequestFactory
from django.urls import URLPattern, URLResolver, get_resolver, resolve
from django.utils.log import AdminEmailHandler
from pytest_django import Settings

from config.logs import ErrorReport, LineFormatter
from speech.queries import addresses
from speech.secret_paths import SECRET_PREFIXES, hide_secrets, is_secret
from tests import factories

TOKEN = "Zm9vYmFy-To_ken.1893456000.Sig~nature"
TELLS_NOTHING = {"slug", "request_id", "letter"}
"""Words of paths that open nothing by themselves: names, and ids that need a key as well."""
A_NUMBER = ["pk", "number"]


def routes(resolver: URLResolver, above: str = "") -> Iterator[tuple[str, set[str]]]:
    """Every route as one would type it, `{name}` for each word, and the names of its words."""
    for pattern in resolver.url_patterns:
        here = above + _typed(str(pattern.pattern))
        if isinstance(pattern, URLResolver):
            yield from routes(pattern, here)
        elif isinstance(pattern, URLPattern):
            yield here, set(re.findall(r"{(\w+)}", here))


def _typed(route: str) -> str:
    route = re.sub(r"\(\?P<(\w+)>(?:\[[^\]]*\]|[^()]|\([^()]*\))*\)", r"{\1}", route)
    route = re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", route)
    return route.replace("^", "").replace("$", "").replace("\\Z", "")


ALL = [(f"/{path}", words) for path, words in routes(get_resolver())]
SECRET = [path for path, _ in ALL if is_secret(path)]


@pytest.mark.parametrize(("path", "words"), ALL, ids=[path for path, _ in ALL])
def test_a_route_with_a_word_in_it_is_a_secret_or_known_to_be_none(
    path: str, words: set[str]
) -> None:
    told = words - TELLS_NOTHING - set(A_NUMBER)
    if path.startswith("/settings/engines/"):
        told -= {"key"}
    assert bool(told) == is_secret(path), "list it in speech.secret_paths"


def test_no_prefix_is_listed_for_nothing() -> None:
    assert all(any(path.startswith(prefix) for path in SECRET) for prefix in SECRET_PREFIXES)


@pytest.fixture
def said(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    """All that is logged, by every logger, as it is written out."""
    caplog.set_level(logging.DEBUG)
    caplog.handler.setFormatter(LineFormatter())
    return caplog


@pytest.mark.django_db
@pytest.mark.parametrize("path", SECRET)
@pytest.mark.parametrize("method", ["get", "post", "put", "head"])
def test_no_refusal_logs_it(path: str, method: str, said: pytest.LogCaptureFixture) -> None:
    path = re.sub(r"{\w+}", TOKEN, path)
    for typed in (
        path,
        path.rstrip("/"),
        f"{path}x/",
        path.upper(),
        path.replace(TOKEN, f"/ {TOKEN}"),
    ):
        status = getattr(Client(), method)(typed).status_code
        assert status in {301, 302, 404, 405, 410}
    assert said.records or method == "head"
    assert TOKEN.lower() not in said.text.lower()


@pytest.mark.django_db
def test_a_range_that_cannot_be_had_logs_no_working_address(
    cast: SimpleNamespace, said: pytest.LogCaptureFixture
) -> None:
    take = factories.make_stored_take(factories.make_line(cast.project), body=b"fLaC")
    path = addresses.output_path(take)
    response = Client().get(path, headers={"Range": "bytes=900-"})
    assert response.status_code == 416
    assert "Range Not Satisfiable: /outputs/…" in said.text
    assert path.split("/")[2].removesuffix(".flac") not in said.text


@pytest.mark.parametrize("path", SECRET)
def test_an_error_logs_and_mails_no_secret(
    path: str, rf: RequestFactory, settings: Settings, said: pytest.LogCaptureFixture
) -> None:
    """A view that fails on the token itself, with all that Django would tell of the request."""
    settings.ADMINS = [("Ada", "ada@example.com")]
    settings.DATABASE_URL = "postgres://takeroom:hunter2hunter2@db/takeroom"
    path = re.sub(r"{\w+}", TOKEN, path)
    request = rf.get(
        path, {"next": path, "token": TOKEN}, headers={"Referer": f"http://testserver{path}?x=1"}
    )
    request.resolver_match = resolve(path)
    handler = AdminEmailHandler(include_html=True)
    logger = logging.getLogger("django.request")
    logger.addHandler(handler)
    try:
        link = request.resolver_match.kwargs["token"]
        raise LookupError(f"{link} is not in the table")
    except LookupError as error:
        response_for_exception(request, error)
    finally:
        logger.removeHandler(handler)
    [letter] = mail.outbox
    html = str(letter.alternatives[0][0])
    assert "is not in the table" in html
    for text in (said.text, letter.subject, str(letter.body), html):
        assert text
        assert TOKEN not in text
        assert "hunter2hunter2" not in text


def test_the_page_of_an_error_in_debug_hides_them_as_well(
    rf: RequestFactory, settings: Settings
) -> None:
    settings.DEBUG = True
    request = rf.get(f"/guest/{TOKEN}/")
    page = ErrorReport(request, None, ValueError("no"), None).get_traceback_html()
    assert "/guest/…" in page
    assert TOKEN not in page


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Not Found: /link/abc/", "Not Found: /link/…/"),
        (
            "Not Allowed: /guest/s3cret-To_ken/comment/ and /x/",
            "Not Allowed: /guest/…/comment/ and /x/",
        ),
        ("GET /guest/abc/changes/ failed", "GET /guest/…/changes/ failed"),
        ("/outputs/7.189:a.b.flac 416", "/outputs/… 416"),
        ("next=%2Flink%2Fabc%2F&x=1", "next=%2Flink%2F…%2F&x=1"),
        ("/link// abc/", "/link// …/"),
        ("GET /cb/?code=abc&state=def&x=1 HTTP/1.1", "GET /cb/?code=…&state=…&x=1 HTTP/1.1"),
        (
            "https://studio/clips/7.18.sig.mp3 could not be had",
            "https://studio/clips/… could not be had",
        ),
        ("/p/link/lines/7/ and /takes/7/", "/p/link/…/7/ and /takes/7/"),
        ("/takes/7/comments/", "/takes/7/comments/"),
    ],
)
def test_the_rest_of_a_line_stays(text: str, expected: str) -> None:
    assert hide_secrets(text) == expected


def test_an_access_log_of_the_server_is_clean_too() -> None:
    """Uvicorn's reads the arguments of the record, not its text."""
    make = logging.getLogRecordFactory()
    record = make(
        "uvicorn.access", logging.INFO, "", 0, '%s - "%s %s HTTP/%s" %d',
        ("198.51.100.7:1", "GET", f"/link/{TOKEN}/?next=/guest/{TOKEN}/", "1.1", 200), None,
    )  # fmt: skip
    assert record.args
    assert TOKEN not in repr(record.args)
    assert record.getMessage() == '198.51.100.7:1 - "GET /link/…/?next=/guest/…/ HTTP/1.1" 200'


def test_a_long_line_is_cleaned_in_no_time() -> None:
    text = "/link/" * 20_000 + secrets.token_urlsafe(20_000)
    assert len(hide_secrets(text)) < len(text)
