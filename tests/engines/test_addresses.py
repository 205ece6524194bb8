"""Which addresses are visited, in every spelling somebody might try."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import ip_address

import pytest

from speech.engines import addresses
from speech.errors import BlockedAddress, TryLater

BLOCKED = [
    # not the web
    "", "/etc/passwd", "file:///etc/passwd", "ftp://a.example/", "gopher://a.example/",
    "data:audio/wav;base64,UklGRg==", "javascript:alert(1)", "//a.example/x", "http:", "http://",
    "http:///x", "https://:443/", "http://[", "http://]/", "http://a.example:port/",
    "http://a.example:99999/", "http://a.example:0/", "http://a.example:/",
    # somebody's password
    "http://user@a.example/", "http://user:pw@a.example/", "http://a.example@127.0.0.1/",
    "http://@127.0.0.1/",
    # this machine
    "http://localhost/", "http://LOCALHOST:8000/", "http://app.localhost/", "http://127.0.0.1/",
    "http://127.8.9.10:6379/", "http://0.0.0.0/", "http://[::1]/", "http://[::]/",
    "http://[0:0:0:0:0:0:0:1]/",
    # the private network, and others that are not public
    "http://10.0.0.1/", "http://172.16.0.1/", "http://172.31.255.255/", "http://192.168.1.1/",
    "http://100.64.0.1/", "http://100.127.255.255/", "http://192.0.0.8/", "http://198.18.0.1/",
    "http://203.0.113.9/", "http://198.51.100.1/", "http://192.0.2.1/", "http://224.0.0.1/",
    "http://239.255.255.250/", "http://240.0.0.1/", "http://255.255.255.255/",
    "http://[fc00::1]/", "http://[fd12:3456::1]/", "http://[fe80::1]/", "http://[fec0::1]/",
    "http://[ff02::1]/", "http://[2001:db8::1]/", "http://[100::1]/", "http://[3fff::1]/",
    "http://printer.local/", "http://db.internal/", "http://nas.lan/", "http://x.home.arpa/",
    # metadata services
    "http://169.254.169.254/latest/meta-data/", "http://metadata.google.internal/",
    "http://[fd00:ec2::254]/", "http://100.100.100.200/", "http://168.63.129.16/",
    "http://192.0.0.192/",
    # IPv4 inside IPv6
    "http://[::ffff:127.0.0.1]/", "http://[::ffff:7f00:1]/", "http://[::127.0.0.1]/",
    "http://[::ffff:0:127.0.0.1]/", "http://[::ffff:8.8.8.8]/", "http://[2002:7f00:1::]/",
    "http://[2002:808:808::1]/", "http://[2001:0:4136:e378:8000:63bf:3fff:fdd2]/",
    "http://[64:ff9b::7f00:1]/", "http://[64:ff9b::8.8.8.8]/", "http://[64:ff9b:1::a00:1]/",
    # numbers in disguise
    "http://2130706433/", "http://0x7f000001/", "http://017700000001/", "http://127.1/",
    "http://127.0.1/", "http://0x7f.0.0.1/", "http://0177.0.0.1/", "http://127.0.0.01/",
    "http://127.0.0.0x1/", "http://1/", "http://a.example.0x1/", "http://8.8.8.8.8/",
    # dots, zones, blanks and look-alikes
    "http://localhost./", "http://127.0.0.1./", "http://a.example./", "http://a..example/",
    "http://.a.example/", "http://[fe80::1%25eth0]/", "http://[fe80::1%eth0]/",
    "http://127.0.0.1%2f@a.example/", "http://a.example%00.b.example/", "http://a.example\\@b/",
    "http://a example/", " http://127.0.0.1/", "http://127.0.0.1\t/", "http://a.example/\r\nX: y",
    "http://１２７.０.０.１/", "http://127。0。0。1/", "http://ⓛocalhost/", "http://①②⑦.0.0.1/",
    "http://loc\u00adalhost/", "http://local\u200bhost/", "http://[::1]x/", "http://-a.example/",
    "http://a.example/" + "x" * 5000,
]  # fmt: skip

PUBLIC = [
    "https://a.example/x.mp3", "http://a.example:8080/", "HTTPS://A.EXAMPLE/X", "http://8.8.8.8/",
    "http://[2606:4700:4700::1111]/", "https://bücher.example/klang.mp3", "http://172.32.0.1/",
    "http://100.128.0.1/", "https://my_bucket.storage.example/a%20b.mp3?sig=1%2F2#t=3",
    "https://localhost.example/",
]  # fmt: skip


@pytest.mark.parametrize("url", BLOCKED)
def test_it_blocks(url: str) -> None:
    with pytest.raises(BlockedAddress) as caught:
        addresses.check_url(url)
    assert caught.value.sentence.endswith(".")


@pytest.mark.parametrize("url", PUBLIC)
def test_it_lets_pass(url: str) -> None:
    assert addresses.check_url(url).scheme in {"http", "https"}


def test_it_takes_an_address_apart() -> None:
    target = addresses.check_url("https://Bücher.example/a b".replace(" ", "%20") + "?x=1#frag")
    assert target.host == "xn--bcher-kva.example"
    assert (target.port, target.path) == (443, "/a%20b?x=1")
    assert target.origin == "https://xn--bcher-kva.example:443"
    assert target.host_header == "xn--bcher-kva.example"
    assert target.at(ip_address("2606:4700::1")) == "https://[2606:4700::1]:443/a%20b?x=1"


def answering(*found: str) -> addresses.Resolver:
    async def resolver(host: str, port: int) -> Sequence[str]:
        return found

    return resolver


@pytest.mark.parametrize(
    "found",
    [
        ["127.0.0.1"], ["8.8.8.8", "10.0.0.1"], ["2606:4700::1", "::1"], ["::ffff:8.8.8.8"],
        ["64:ff9b::808:808"], ["fe80::1%eth0"], ["169.254.169.254"],
    ],
)  # fmt: skip
async def test_it_blocks_a_name_if_a_single_address_is_not_public(found: list[str]) -> None:
    with pytest.raises(BlockedAddress):
        await addresses.resolve_public("a.example", 80, resolver=answering(*found))


async def test_it_gives_all_public_addresses_once() -> None:
    found = await addresses.resolve_public(
        "a.example", 80, resolver=answering("8.8.8.8", "2606:4700::1", "8.8.8.8")
    )
    assert [str(address) for address in found] == ["8.8.8.8", "2606:4700::1"]


async def test_it_says_so_where_a_name_is_not_known() -> None:
    async def nobody(host: str, port: int) -> Sequence[str]:
        raise OSError("no such host")

    with pytest.raises(TryLater, match=r"a\.example could not be found") as caught:
        await addresses.resolve_public("a.example", 80, resolver=nobody)
    assert caught.value.reason == "unknown_host"
    with pytest.raises(TryLater):
        await addresses.resolve_public("a.example", 80, resolver=answering())


async def test_it_asks_the_system_for_names_and_blocks_this_machines_own() -> None:
    assert "127.0.0.1" in await addresses.system_resolver("localhost", 80)
    with pytest.raises(BlockedAddress):
        await addresses.resolve_public("localhost", 80)


def test_it_reads_trusted_hosts_with_their_ports() -> None:
    assert addresses.trusted_origins(["media", "store:9000", "https://cdn.lan:8443"]) == {
        "http://media:80", "https://media:443", "http://store:9000", "https://store:9000",
        "https://cdn.lan:8443",
    }  # fmt: skip
