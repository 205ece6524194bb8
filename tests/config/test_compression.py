from __future__ import annotations

import gzip
from types import SimpleNamespace

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.test import Client

from tests import factories

pytestmark = pytest.mark.django_db


def test_pages_are_compressed_for_who_can_read_it(cast: SimpleNamespace, client: Client) -> None:
    client.force_login(cast.viewer)
    plain = client.get("/")
    packed = client.get("/", headers={"accept-encoding": "gzip"})
    assert "Content-Encoding" not in plain
    assert packed["Content-Encoding"] == "gzip"
    assert b"Skyline" in gzip.decompress(packed.content)
    assert "Accept-Encoding" in packed["Vary"]


def test_sound_keeps_its_bytes_and_ranges(cast: SimpleNamespace, client: Client) -> None:
    take = factories.make_take(factories.make_line(cast.project))
    take.audio = default_storage.save("takes/1/a.flac", ContentFile(b"fLaC" + bytes(5000)))
    take.save(update_fields=["audio"])
    client.force_login(cast.viewer)
    answer = client.get(
        f"/media/takes/{take.pk}.flac",
        headers={"accept-encoding": "gzip", "range": "bytes=0-999"},
    )
    assert answer.status_code == 206
    assert "Content-Encoding" not in answer
    assert answer["Content-Length"] == "1000"
