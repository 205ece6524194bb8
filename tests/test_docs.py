"""Documentation that cannot rot: what exists in code is named where people look for it."""

from __future__ import annotations

import re
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.template.loader import render_to_string
from django.test import Client
from django.urls import reverse

from config import env
from speech import errors
from speech.access import ROLE_CAN, Can
from speech.catalog import DELIVERY_TAGS, ENGINES, SOUND_TAGS
from speech.params import BY_NAME, PARAMS, TUNING
from speech.states import JobState, Role
from speech.templatetags.studio import SHORTCUTS
from tests import factories

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
EXAMPLE = (ROOT / ".env.example").read_text(encoding="utf-8")
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
VARIABLES = sorted(env.declared().values(), key=lambda variable: variable.name)


@pytest.mark.parametrize("variable", VARIABLES, ids=lambda variable: variable.name)
def test_the_readme_tells_of_each_variable(variable: env.Variable) -> None:
    row = re.search(rf"^\| `{variable.name}` \| (.*?) \| (.*) \|$", README, re.MULTILINE)
    assert row, f"{variable.name} is missing in the README's table"
    assert variable.help.split(".")[0] in row[2]
    if variable.secret:
        assert f"`{variable.name}_FILE`" in row[2]
    elif variable.name not in {"STATIC_ROOT", "DATA_DIR"}:  # tests have folders of their own
        assert row[1].strip("` ") == variable.default


@pytest.mark.parametrize("variable", VARIABLES, ids=lambda variable: variable.name)
def test_the_example_file_has_each_variable(variable: env.Variable) -> None:
    assert re.search(rf"^#?\s*{variable.name}=", EXAMPLE, re.MULTILINE)


def test_neither_names_a_variable_that_is_not_read() -> None:
    known = {variable.name for variable in VARIABLES}
    known |= {f"{variable.name}_FILE" for variable in VARIABLES if variable.secret}
    table = set(re.findall(r"^\| `([A-Z][A-Z0-9_]+)` \|", README, re.MULTILINE))
    example = set(re.findall(r"^#?\s*([A-Z][A-Z0-9_]+)=", EXAMPLE, re.MULTILINE))
    assert table | example <= known


def test_the_readme_names_every_make_command_and_no_other() -> None:
    real = set(re.findall(r"^([a-z-]+):.*## ", MAKEFILE, re.MULTILINE))
    told = set(re.findall(r"(?:^|`|… )make\s([a-z]+)", README, re.MULTILINE))
    also = re.search(r"`make help` lists the rest: (.*?)\.", README, re.DOTALL)
    assert also
    told |= set(re.findall(r"`([a-z]+)`", also[1]))
    assert told == real


def test_the_map_of_the_code_leads_somewhere() -> None:
    table = README.split("## Map of the code")[1].split("\n## ")[0]
    for cell in re.findall(r"^\| (`.*?) \|", table, re.MULTILINE):
        paths = re.findall(r"`([^`]+)`", cell)
        folder = Path(paths[0]).parent if paths[0].endswith(".py") else Path()
        for path in paths:
            near = [ROOT / path, ROOT / folder / path, ROOT / "speech" / path]
            assert any(place.exists() for place in near), path
    rooms = {path.parent.name for path in (ROOT / "speech").glob("*/__init__.py")}
    untold = rooms - {"migrations", "templatetags", "management"} - set(re.findall(r"\w+", table))
    assert not untold


def test_pictures_of_the_readme_exist() -> None:
    pictures = re.findall(r"!\[.*?\]\((.*?)\)", README)
    assert pictures
    assert all((ROOT / picture).is_file() for picture in pictures)


def test_each_error_has_a_code_of_its_own_and_a_place_in_the_tree() -> None:
    classes = list(_tree(errors.StudioError))
    codes = [one.code for one in classes]
    assert len(codes) == len(set(codes))
    for one in classes:
        drawn = re.search(rf"[─│ ]\s*{one.__name__} {{2,}}\S", errors.__doc__ or "")
        assert drawn, f"{one.__name__} is not in the tree, with what it means"


@pytest.mark.parametrize("param", TUNING, ids=lambda param: param.name)
def test_the_line_page_explains_each_knob(param: object, line_page: str) -> None:
    knob = BY_NAME[param.name]  # type: ignore[attr-defined]
    for words in (knob.label, knob.help, knob.range_text, *knob.no_effect_on.values()):
        assert _in_page(words) in line_page


def test_the_line_page_has_every_tag_and_every_shortcut(line_page: str) -> None:
    for tag in (*SOUND_TAGS, *DELIVERY_TAGS):
        assert f'data-tag="[{tag}]"' in line_page
    keys = (ROOT / "static/js/keys.js").read_text(encoding="utf-8")
    for names, what in SHORTCUTS:
        assert _in_page(what) in line_page
        for name in names:
            assert f"<kbd>{name}</kbd>" in line_page
            if len(name) == 1 and name.isalpha():
                assert re.search(rf"\b{name.lower()}:", keys), f"{name} does nothing"


def test_the_take_page_names_every_parameter(cast: SimpleNamespace, client: Client) -> None:
    take = factories.make_take(factories.make_line(cast.project))
    client.force_login(cast.viewer)
    page = client.get(reverse("speech:take", args=[take.pk])).content.decode()
    for param in PARAMS:
        if param.name not in {"text", "reference_audio"}:
            assert _in_page(param.label) in page
    assert _in_page(ENGINES[take.engine].note) in page


@pytest.mark.parametrize("role", Role)
def test_each_role_is_explained_where_somebody_is_invited(role: Role) -> None:
    told = render_to_string("people/_role.html", {"role": role.value})
    others = [render_to_string("people/_role.html", {"role": other.value}) for other in Role]
    assert told.strip()
    assert others.count(told) == 1


def test_each_capability_is_somebodys_and_reads_in_a_sentence() -> None:
    given = set().union(*ROLE_CAN.values())
    of_the_studio = {Can.ADMINISTER, Can.CREATE_PROJECTS, Can.KEEP_VOICES}
    assert given | of_the_studio == set(Can)
    for can in Can:
        assert re.fullmatch(r"[a-z][a-z ]+", can.value), "Your role does not allow you to …"


def test_each_state_has_words_for_people() -> None:
    assert all(state.label and state.label != state.value for state in JobState)


@pytest.fixture
def line_page(cast: SimpleNamespace, client: Client, settings: object) -> str:
    settings.SEGMIND_API_KEY = "SG_0123456789abcdef"  # type: ignore[attr-defined]
    cast.project.voice = factories.make_voice()
    cast.project.save()
    line = factories.make_line(cast.project)
    client.force_login(cast.producer)
    page: str = client.get(line.get_absolute_url()).content.decode()
    return page


def _tree(top: type[errors.StudioError]) -> list[type[errors.StudioError]]:
    below = [one for one in top.__subclasses__() if one.__module__ == errors.__name__]
    return [top, *(deeper for one in below for deeper in _tree(one))]


def _in_page(words: str) -> str:
    """As Django writes it into HTML."""
    return words.replace("&", "&amp;").replace("'", "&#x27;").replace('"', "&quot;")
