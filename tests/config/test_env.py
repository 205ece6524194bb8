from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from config import env, services

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def _declarations(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(env, "DECLARED", dict(env.DECLARED))


def test_it_lists_every_variable_in_the_example_with_its_default() -> None:
    example = (ROOT / ".env.example").read_text(encoding="utf-8")
    lines = dict(re.findall(r"^#([A-Z_]+)=(.*)$", example, flags=re.MULTILINE))
    assert set(lines) == set(env.declared())
    free = {"STATIC_ROOT", "PUBLIC_URL", "DATABASE_URL", "REDIS_URL", "SMTP_URL"}
    for name, variable in env.declared().items():
        if name not in free:
            assert lines[name] == variable.default, name


@pytest.mark.parametrize("value", ["2", "ja", "truee"])
def test_it_refuses_what_is_neither_yes_nor_no(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("SWITCH", value)
    with pytest.raises(ImproperlyConfigured, match="Set SWITCH=1 or SWITCH=0"):
        env.boolean("SWITCH", help="")


@pytest.mark.parametrize(("value", "answer"), [("Yes", True), ("off", False), ("", True)])
def test_it_reads_yes_and_no_in_their_usual_spellings(
    monkeypatch: pytest.MonkeyPatch, value: str, answer: bool
) -> None:
    monkeypatch.setenv("SWITCH", value)
    assert env.boolean("SWITCH", True, help="") is answer


@pytest.mark.parametrize("value", ["1.5", "many", "0", "11"])
def test_it_refuses_numbers_out_of_range_and_says_the_range(
    monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.setenv("COUNT", value)
    with pytest.raises(ImproperlyConfigured, match=r"COUNT=.* from 1 to 10"):
        env.integer("COUNT", 5, low=1, high=10, help="")


def test_it_reads_a_secret_from_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "key").write_text("SG_abc\n", encoding="utf-8")
    monkeypatch.setenv("KEY_FILE", str(tmp_path / "key"))
    assert env.secret("KEY", help="") == "SG_abc"


def test_it_refuses_a_secret_given_twice_without_showing_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("KEY", "hush")
    monkeypatch.setenv("KEY_FILE", str(tmp_path / "key"))
    with pytest.raises(ImproperlyConfigured) as refusal:
        env.secret("KEY", help="")
    assert "hush" not in str(refusal.value)
    assert "Keep one" in str(refusal.value)


@pytest.mark.parametrize("content", [None, "", "  \n"])
def test_it_refuses_a_secret_file_that_is_missing_or_empty(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, content: str | None
) -> None:
    if content is not None:
        (tmp_path / "key").write_text(content, encoding="utf-8")
    monkeypatch.setenv("KEY_FILE", str(tmp_path / "key"))
    with pytest.raises(ImproperlyConfigured, match="KEY_FILE"):
        env.secret("KEY", help="")


def test_it_reads_a_file_of_variables_and_names_the_line_it_cannot_read() -> None:
    text = "# a comment\n\nA=1\nexport B = 'two words'\nC=\"x=y\"\n"
    assert env.parse_file(text) == {"A": "1", "B": "two words", "C": "x=y"}
    with pytest.raises(ImproperlyConfigured, match=r"\.env, line 2"):
        env.parse_file("A=1\nnonsense\n")


def test_it_takes_a_database_apart() -> None:
    found = services.database(
        "postgres://ada:p%40ss@db.example:6543/takes?sslmode=require", worker=True
    )
    assert found["USER"] == "ada"
    assert found["PASSWORD"] == "p@ss"
    assert (found["HOST"], found["PORT"], found["NAME"]) == ("db.example", "6543", "takes")
    assert found["OPTIONS"]["sslmode"] == "require"
    assert found["CONN_MAX_AGE"] == 60
    assert services.database("postgresql:///takes?host=/run/pg", worker=False)["HOST"] == "/run/pg"


@pytest.mark.parametrize(
    "url", ["mysql://a/b", "postgres://host:port/x", "postgres://u:secret@host/", "postgres://["]
)
def test_it_refuses_a_database_it_cannot_use_without_showing_its_password(url: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="DATABASE_URL") as refusal:
        services.database(url, worker=False)
    assert "secret" not in str(refusal.value)


def test_it_keeps_clips_and_keys_at_the_server_that_was_configured() -> None:
    assert services.upload_url("https://api.segmind.com") == services.SEGMIND_STORAGE_URL
    assert services.upload_url("http://10.0.0.5:9000/x") == "http://10.0.0.5:9000/upload-asset"
    lookalike = services.upload_url("https://api.segmind.com.example.org")
    assert lookalike == "https://api.segmind.com.example.org/upload-asset"


@pytest.mark.parametrize("url", ["studio.example.com", "https://a/b", "https://a?x=1", "ftp://a"])
def test_it_refuses_a_public_address_that_is_not_bare(url: str) -> None:
    with pytest.raises(ImproperlyConfigured, match=r"Write https://studio\.example\.com"):
        services.public_url(url)


def test_it_knows_the_kinds_of_mail_servers() -> None:
    starttls = services.mail("smtp+tls://ada:pw@mail.example")
    assert (starttls["EMAIL_PORT"], starttls["EMAIL_USE_TLS"]) == (587, True)
    assert services.mail("smtps://mail.example:1465")["EMAIL_PORT"] == 1465
    with pytest.raises(ImproperlyConfigured, match="SMTP_URL must look like"):
        services.mail("mail.example")
