"""The reference page tells all there is: what is data in the code cannot be missing on it."""

from __future__ import annotations

import re
import subprocess
from types import SimpleNamespace

import pytest
import segmind
from django.test import Client
from django.urls import reverse
from django.utils.html import escape
from pytest_django import Settings
from segmind import SegmindClient
from segmind.files import Files
from segmind.v2 import _v2_base

from speech import wire
from speech.catalog import DELIVERY_TAGS, ENGINES, SOUND_TAGS
from speech.params import PARAMS, Param
from speech.queries.reference import examples
from speech.templatetags.studio import SHORTCUTS
from speech.wire.codes import CODES, Code
from speech.wire.endpoints import ANSWERED, ENDPOINTS, SENT, STATES, Endpoint
from speech.wire.reading import StatusWord


@pytest.fixture
def reference_page(cast: SimpleNamespace, client: Client) -> str:
    client.force_login(cast.viewer)
    page: str = client.get(reverse("speech:reference")).content.decode()
    return page


@pytest.mark.parametrize("param", PARAMS, ids=lambda param: param.name)
def test_the_reference_explains_each_parameter(param: Param, reference_page: str) -> None:
    told = _between(reference_page, f'id="parameter-{param.name}"', "</div>")
    for words in (
        param.name,
        param.label,
        param.help,
        param.range_text,
        *param.no_effect_on.values(),
    ):
        assert escape(words) in told
    assert ("needed" in told) == param.required


def test_the_reference_has_every_tag_engine_and_shortcut(reference_page: str) -> None:
    for tag in (*SOUND_TAGS, *DELIVERY_TAGS):
        assert f"[{tag}]</code>" in reference_page
    for card in ENGINES.values():
        assert escape(card.note) in reference_page
    shortcuts = _between(reference_page, 'id="shortcuts"', "</section>")
    for _, what in SHORTCUTS:
        assert escape(what) in shortcuts


@pytest.mark.parametrize("code", CODES, ids=lambda code: str(code.status))
def test_the_reference_says_of_each_code_what_to_do(code: Code, reference_page: str) -> None:
    told = _between(reference_page, f'id="code-{code.status}"', "</div>")
    for words in (code.name, code.means, *([code.do] if code.is_fault else [])):
        assert escape(words) in told


@pytest.mark.parametrize("call", ENDPOINTS, ids=lambda call: call.name)
def test_the_reference_has_each_call_with_its_codes(call: Endpoint, reference_page: str) -> None:
    told = _between(reference_page, f'id="call-{call.name}"', "</div>")
    for words in (call.method, call.path, call.summary, call.about):
        assert escape(words) in told
    for status in call.answers:
        assert f'href="#code-{status}"' in told


def test_the_reference_has_each_header_and_each_state(reference_page: str) -> None:
    for header in (*SENT, *ANSWERED):
        assert escape(header.about) in reference_page
    assert {state for state, _ in STATES} == set(StatusWord)
    for state, means in STATES:
        assert f"<code>{state}</code>" in reference_page
        assert escape(means) in reference_page


def test_the_examples_have_the_reader_s_own_base_url(
    reference_page: str, cast: SimpleNamespace, client: Client, settings: Settings
) -> None:
    written = examples("http://testserver", held=300)
    assert {one.language for one in written} == {"sh", "python"}
    for one in written:
        assert escape(one.text) in reference_page
        if one.language == "python":
            compile(one.text, one.name, "exec")
        else:
            assert (
                subprocess.run(["bash", "-n"], input=one.text.encode(), check=False).returncode == 0
            )
    assert 'base_url="http://testserver/v1"' in "".join(one.text for one in written)
    settings.PUBLIC_URL = "https://studio.example.com"
    client.force_login(cast.viewer)
    page = client.get(reverse("speech:reference")).content.decode()
    assert "https://studio.example.com/v2/" in page
    assert "testserver" not in page


def test_the_examples_name_what_the_sdk_has() -> None:
    """The address for files is an attribute of the SDK, which its maker may rename."""
    assert wire.UPLOAD_URL.removesuffix(wire.UPLOAD_PATH) == Files.STORAGE_BASE_URL
    client = SegmindClient(api_key="SG_0123456789abcdef", base_url="http://testserver/v1")
    assert _v2_base(client) + "/" + wire.SLUG == f"http://testserver{wire.submit_path()}"
    text = "".join(one.text for one in examples("http://testserver", held=300))
    for method in re.findall(r"client\.(\w+)\(", text):
        assert callable(getattr(client, method))
    for name in re.findall(r"except (\w+)", text):
        assert issubclass(getattr(segmind, name), Exception)


def test_every_page_leads_to_the_reference(cast: SimpleNamespace, client: Client) -> None:
    client.force_login(cast.viewer)
    page = client.get("/").content.decode()
    assert page.count('href="/reference/"') == 3, "bar, account menu, list of keys"


def _between(page: str, start: str, end: str) -> str:
    return page.split(start)[1].split(end, maxsplit=1)[0]
