"""A studio in production settings, as its own process: with a public name, behind a proxy."""

from __future__ import annotations

import http.client
import socket
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from tests.studio_process import Studio, wait_until

NAME = "studio.example.com"
BY_PROXY = {"Host": NAME, "X-Forwarded-For": "198.51.100.7", "X-Forwarded-Proto": "https"}


def _every_address() -> str:
    """All of this machine, IPv6 included where it has that: IPv4 peers then come in as mapped."""
    try:
        with socket.create_server(("::", 0), family=socket.AF_INET6, dualstack_ipv6=True):
            return "::"
    except OSError:
        return "0.0.0.0"


@pytest.fixture(scope="module")
def studio(prepared: Path) -> Iterator[Studio]:
    environment = {
        "HOST": _every_address(),
        "PUBLIC_URL": f"https://{NAME}",
        "TRUSTED_PROXIES": "127.0.0.1",
    }
    with Studio(environment, programs=(("web",),), prepared=prepared) as studio:
        yield studio


def ask(
    studio: Studio, path: str, headers: Mapping[str, str], *, method: str = "GET"
) -> tuple[int, dict[str, str], str]:
    """Status, headers and body; no redirect is followed."""
    connection = http.client.HTTPConnection("127.0.0.1", studio.port, timeout=30)
    try:
        connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
        for name, value in headers.items():
            connection.putheader(name, value)
        connection.endheaders()
        answer = connection.getresponse()
        found = {name.lower(): value for name, value in answer.getheaders()}
        return answer.status, found, answer.read().decode()
    finally:
        connection.close()


def test_a_trusted_proxy_is_believed_about_https(studio: Studio) -> None:
    assert ask(studio, "/sign-in/", BY_PROXY)[0] == 200
    status, headers, _ = ask(studio, "/sign-in/", {"Host": NAME})
    assert (status, headers["location"]) == (301, f"https://{NAME}/sign-in/")


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "[::1]", "evil.example", ""])
def test_no_other_name_answers(studio: Studio, host: str) -> None:
    assert ask(studio, "/sign-in/", {**BY_PROXY, "Host": host})[0] == 400


def test_the_machine_itself_may_ask_for_its_health(studio: Studio) -> None:
    status, _, body = ask(studio, "/healthz", {"Host": f"127.0.0.1:{studio.port}"})
    assert (status, '"database": true' in body) == (200, True)
    assert ask(studio, "/healthz", {**BY_PROXY, "Host": "localhost"})[0] == 400
    assert studio.manage("health").returncode == 0


def test_no_address_that_is_a_secret_is_written_to_the_log(studio: Studio) -> None:
    token = "Zm9vYmFy-To_ken.1893456000"
    for path in ("/link/{}/", "/guest/{}/", "/guest/{}/sound/", "/outputs/{}.flac", "/LINK/{}/x"):
        assert ask(studio, path.format(token), BY_PROXY)[0] in {404, 410}
        assert ask(studio, path.format(token), {**BY_PROXY, "Host": "evil.example"})[0] == 400
    wait_until(lambda: "/LINK/…/x" in studio.output(), what="the last request is logged")
    assert token not in studio.output()
