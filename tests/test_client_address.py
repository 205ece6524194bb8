from __future__ import annotations

import logging
from types import SimpleNamespace

import pytest
from django.test import Client, RequestFactory

from speech.client_address import (
    MOST_LOGGED,
    MOST_SHOWN,
    Proxies,
    UntrustedForwarders,
    canonical,
    client_address,
    neighbourhood,
    untrusted_forwarders,
)

PROXIES = Proxies.parse(["127.0.0.1", "10.0.0.0/8", "2001:db8:5::/48", "::ffff:192.168.7.0/120"])


def found(peer: str, *chain: str, proto: tuple[str, ...] = ()) -> tuple[str, str]:
    headers = {"x-forwarded-for": chain, "x-forwarded-proto": proto}
    known = PROXIES.client(peer=peer, scheme="http", headers=headers)
    return known.address, known.scheme


@pytest.mark.parametrize(
    ("peer", "chain", "expected"),
    [
        ("127.0.0.1", ("198.51.100.7",), "198.51.100.7"),
        ("::ffff:127.0.0.1", ("198.51.100.7",), "198.51.100.7"),
        ("::ffff:10.1.2.3", ("::ffff:198.51.100.7",), "198.51.100.7"),
        ("::ffff:192.168.7.9", ("198.51.100.7",), "198.51.100.7"),
        ("2001:db8:5::9", ("2001:DB8:0:0::1",), "2001:db8::1"),
        # What the client wrote itself stands further left.
        ("127.0.0.1", ("1.1.1.1, 198.51.100.7",), "198.51.100.7"),
        ("127.0.0.1", ("1.1.1.1", "198.51.100.7"), "198.51.100.7"),
        ("127.0.0.1", ("1.1.1.1, 198.51.100.7, 10.0.0.2, ::ffff:10.9.9.9",), "198.51.100.7"),
        ("127.0.0.1", ("10.0.0.3, 10.0.0.2",), "10.0.0.3"),
        # As some proxies write them.
        ("127.0.0.1", ("198.51.100.7:41234",), "198.51.100.7"),
        ("127.0.0.1", ("[2001:db8::1]:41234",), "2001:db8::1"),
        ("127.0.0.1", ('"[2001:db8::1]"',), "2001:db8::1"),
        ("127.0.0.1", ("fe80::1%eth0",), "fe80::1"),
        # No address: whoever wrote it is all that is known.
        ("127.0.0.1", ("1.1.1.1, unknown, 10.0.0.2",), "10.0.0.2"),
        ("127.0.0.1", ("",), "127.0.0.1"),
        ("127.0.0.1", (), "127.0.0.1"),
        # Nobody else is believed.
        ("203.0.113.9", ("198.51.100.7",), "203.0.113.9"),
        ("::ffff:203.0.113.9", ("198.51.100.7",), "203.0.113.9"),
        ("", ("198.51.100.7",), ""),
    ],
)
def test_the_client_is_the_first_from_the_right_that_is_no_trusted_proxy(
    peer: str, chain: tuple[str, ...], expected: str
) -> None:
    assert found(peer, *chain)[0] == expected


@pytest.mark.parametrize(
    ("peer", "chain", "proto", "expected"),
    [
        ("127.0.0.1", ("198.51.100.7",), ("https",), "https"),
        ("::ffff:127.0.0.1", ("198.51.100.7",), ("HTTPS",), "https"),
        ("127.0.0.1", (), ("https",), "https"),
        # Two proxies that each add theirs, and a client that lies to the outer one.
        ("127.0.0.1", ("198.51.100.7, 10.0.0.2",), ("https, http",), "https"),
        ("127.0.0.1", ("198.51.100.7, 10.0.0.2",), ("https", "http", "http"), "http"),
        ("127.0.0.1", ("198.51.100.7",), ("https, http",), "http"),
        ("127.0.0.1", ("198.51.100.7",), ("gopher",), "http"),
        ("203.0.113.9", ("198.51.100.7",), ("https",), "http"),
    ],
)
def test_https_is_what_a_trusted_proxy_says_it_is(
    peer: str, chain: tuple[str, ...], proto: tuple[str, ...], expected: str
) -> None:
    assert found(peer, *chain, proto=proto)[1] == expected


@pytest.mark.parametrize("word", ["proxy.example.com", "10.0.0.0/33", "*"])
def test_a_proxy_that_is_no_address_is_refused_with_the_cure(word: str) -> None:
    with pytest.raises(ValueError, match=r"neither an address nor a network\. Write"):
        Proxies.parse([word])


def test_a_view_reads_an_address_in_its_one_spelling(rf: RequestFactory) -> None:
    assert client_address(rf.get("/", REMOTE_ADDR="::ffff:198.51.100.7")) == "198.51.100.7"
    assert client_address(rf.get("/", REMOTE_ADDR="")) == ""
    assert canonical("2001:DB8::0:1") == "2001:db8::1"
    assert canonical("not an address") == "not an address"


def test_an_ipv6_household_is_one_place() -> None:
    assert neighbourhood("2001:db8:1:2::7") == neighbourhood("2001:db8:1:2:9::1")
    assert neighbourhood("2001:db8:1:2::7") != neighbourhood("2001:db8:1:3::7")
    assert neighbourhood("::ffff:198.51.100.7") == "198.51.100.7"
    assert neighbourhood("198.51.100.8") != neighbourhood("198.51.100.7")


def test_an_untrusted_peer_is_logged_once_and_the_log_cannot_be_flooded(
    caplog: pytest.LogCaptureFixture,
) -> None:
    noted = UntrustedForwarders()
    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            noted.note("203.0.113.9")
        assert len(caplog.messages) == 1
        assert "203.0.113.9" in caplog.messages[0]
        assert "TRUSTED_PROXIES" in caplog.messages[0]
        for number in range(2 * MOST_LOGGED):
            noted.note(f"2001:db8::{number:x}")
        noted.note("203.0.113.9")
    assert len(caplog.messages) == MOST_LOGGED
    assert noted.latest()[0] == "203.0.113.9"
    assert len(noted.latest()) == MOST_SHOWN


def test_administrators_see_who_is_not_believed(cast: SimpleNamespace, client: Client) -> None:
    client.force_login(cast.administrator)
    untrusted_forwarders.note("203.0.113.123")
    page = client.get("/settings/").content.decode()
    assert "Forwarded headers from 203.0.113.123" in page
