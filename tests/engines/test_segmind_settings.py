"""The engine's settings: refused when they cannot work, silent about the key."""

from __future__ import annotations

import pytest

from speech.engines.segmind import SegmindSettings
from tests.upstream.client import KEY


def settings(**given: object) -> SegmindSettings:
    return SegmindSettings(**{"api_key": KEY, **given})  # type: ignore[arg-type]


def test_it_hides_the_key() -> None:
    assert KEY not in repr(settings()) + str(settings())


@pytest.mark.parametrize("key", ["", " ", f"{KEY}\n", f"{KEY}\r\nx: y", "SG_ü"])
def test_it_refuses_a_key_that_no_header_can_carry(key: str) -> None:
    with pytest.raises(ValueError, match="key is empty or holds") as caught:
        settings(api_key=key)
    assert KEY not in str(caught.value)


@pytest.mark.parametrize("url", ["", "api.segmind.com", "ftp://a.example", "http://u:p@a.example"])
def test_it_refuses_a_base_that_is_no_web_address(url: str) -> None:
    with pytest.raises(ValueError, match="base_url"):
        settings(base_url=url)


def test_it_refuses_an_upload_address_or_trusted_host_that_makes_no_sense() -> None:
    with pytest.raises(ValueError, match="upload_url"):
        settings(upload_url="storage")
    with pytest.raises(ValueError, match="trusted host"):
        settings(trusted_hosts=("a b",))


@pytest.mark.parametrize(
    ("base", "upload", "wanted"),
    [
        ("https://api.segmind.com", "", "https://workflows-api.segmind.com/upload-asset"),
        ("https://api.segmind.com/v1", "", "https://workflows-api.segmind.com/upload-asset"),
        ("http://gpu.lan:9000/v1", "", "http://gpu.lan:9000/upload-asset"),
        ("http://gpu.lan/segmind", "", "http://gpu.lan:80/upload-asset"),
        ("http://api.segmind.com", "", "http://api.segmind.com:80/upload-asset"),
        ("http://gpu.lan", "https://files.lan/up", "https://files.lan/up"),
    ],
)
def test_it_sends_clips_to_segmind_only_where_the_base_is_segminds(
    base: str, upload: str, wanted: str
) -> None:
    assert settings(base_url=base, upload_url=upload).upload == wanted


def test_it_gives_the_key_to_the_base_and_the_storage_only() -> None:
    assert settings().key_origins == {
        "https://api.segmind.com:443",
        "https://workflows-api.segmind.com:443",
    }


def test_it_trusts_the_base_and_the_named_hosts_for_outputs() -> None:
    trusted = settings(base_url="http://gpu.lan:9000", trusted_hosts=("media.lan:9001",)).trusted
    assert trusted == {
        "http://gpu.lan:9000",
        "http://media.lan:9001",
        "https://media.lan:9001",
    }
