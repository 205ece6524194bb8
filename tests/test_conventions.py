"""House rules that no linter knows. Each one says in its name what it forbids."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from speech.params import BY_NAME

ROOT = Path(__file__).resolve().parents[1]
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
SCRIPTS = sorted((ROOT / "static" / "js").glob("*.js"))
VIEWS = sorted((ROOT / "speech" / "views").glob("*.py"))
SERVICES = sorted((ROOT / "speech" / "services").glob("*.py"))
PYTHON = sorted(
    path
    for folder in ("config", "speech", "tests")
    for path in (ROOT / folder).rglob("*.py")
    if "migrations" not in path.parts
)
PACKAGES = [
    path
    for path in sorted((ROOT / "speech").glob("*/__init__.py"))
    if path.parent.name not in {"migrations", "management", "templatetags"}
]

GUARDED = {"Project", "Line", "Take", "Voice"}
"""What only `speech.access` may fetch for a page."""
LONGEST_FILE = 400
UNSAFE = ("get", "post")
TAG = re.compile(r"<[a-z][^<>]*?(?:\{[%{].*?[%}]\}[^<>]*?)*>", re.DOTALL)
NAMES_OF_KNOBS = sorted(set(BY_NAME) - {"text", "seed"})


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


each_template = pytest.mark.parametrize("path", TEMPLATES, ids=name_of)
each_view = pytest.mark.parametrize("path", VIEWS, ids=name_of)
each_service = pytest.mark.parametrize("path", SERVICES, ids=name_of)


@each_view
def test_views_fetch_nothing_past_access(path: Path) -> None:
    found = [
        f"line {node.lineno}: {ast.unparse(node)}"
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute) and node.attr == "objects"
        if isinstance(node.value, ast.Name) and node.value.id in GUARDED
    ]
    assert not found


@each_service
def test_services_never_see_a_request(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    names = {node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)}
    names |= {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    assert not names & {"request", "HttpRequest", "StudioRequest"}


@each_template
def test_templates_hold_no_inline_script_style_or_handler(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"<style\b", text)
    assert not re.search(r"<script(?=[\s>])(?![^>]*\bsrc=)", text)
    assert not re.search(r"\sstyle\s*=", text)
    assert not re.search(r"\son[a-z]+\s*=", text)
    assert "javascript:" not in text
    assert not re.search(r"(src|href)\s*=\s*[\"'](https?:)?//", text), "nothing from elsewhere"


@each_template
def test_what_htmx_asks_for_can_be_asked_for_without_it(path: Path) -> None:
    """Except parts that ask for themselves: those stand beside a link to look again."""
    text = path.read_text(encoding="utf-8")
    for tag in TAG.findall(text):
        asks = [verb for verb in UNSAFE if f"hx-{verb}=" in tag]
        if not asks:
            continue
        if 'hx-trigger="every' in tag:
            assert "no-js-only" in text, f"{tag[:80]} leaves people without JavaScript waiting"
        else:
            assert re.search(r"\s(action|href)=", tag), tag[:120]


@pytest.mark.parametrize("path", [*TEMPLATES, *SCRIPTS], ids=name_of)
def test_only_the_parameter_spec_knows_parameters(path: Path) -> None:
    """Templates and scripts loop; a name or a range in them would be a second truth."""
    text = path.read_text(encoding="utf-8")
    written = [name for name in NAMES_OF_KNOBS if re.search(rf"\b{name}\b", text)]
    assert not written
    assert not re.search(r"<input[^>]*\b(min|max|step)=[\"']\d", text)


@pytest.mark.parametrize("path", SCRIPTS, ids=name_of)
def test_scripts_evaluate_nothing(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"\beval\(|new Function\(|document\.write\(", text)
    assert not re.search(r"setAttribute\([\"']style", text)


def test_files_are_small_enough_to_read() -> None:
    long = {name_of(path): count for path in PYTHON if (count := lines_of(path)) > LONGEST_FILE}
    assert not long


def test_nobody_patches_in_tests() -> None:
    """Real processes, real servers, injected transports."""
    words = ("unittest." + "mock", "mock." + "patch", "monkeypatch." + 'setattr("speech')
    tests = [path for path in PYTHON if path.parts[len(ROOT.parts)] == "tests"]
    assert not [name_of(path) for path in tests if any(word in path.read_text() for word in words)]


@pytest.mark.parametrize("package", PACKAGES, ids=name_of)
def test_each_package_says_what_was_decided(package: Path) -> None:
    note = ast.get_docstring(ast.parse(package.read_text(encoding="utf-8"))) or ""
    assert re.search(r"\bRules?\b|\bRevisit\b", note), "a package begins with its decision note"


def lines_of(path: Path) -> int:
    return len(path.read_text(encoding="utf-8").splitlines())
