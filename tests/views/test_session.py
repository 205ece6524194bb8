from __future__ import annotations

import threading
from types import SimpleNamespace

import pytest
from django.core import mail as outbox
from django.db import connection
from django.test import Client
from django.urls import reverse
from django_q.models import OrmQ
from pytest_django import Settings

from speech.models import OneTimeLink, SignInAttempt, User
from speech.services import accounts, links
from tests import factories

pytestmark = pytest.mark.django_db
PASSWORD = "a long enough word"
NEW = {"username": "zoe", "password": PASSWORD, "again": PASSWORD}


def _sign_in(client: Client, name: str = "ada", password: str = PASSWORD, **more: str):  # type: ignore[no-untyped-def]
    return client.post("/sign-in/", {"name": name, "password": password, **more})


def test_it_signs_in_and_cycles_the_session(client: Client) -> None:
    factories.make_user("ada")
    client.get("/sign-in/")
    before = client.session.session_key
    response = _sign_in(client)
    assert (response.status_code, response["Location"]) == (302, "/")
    assert client.session.session_key not in {None, before}
    assert client.get("/account/").status_code == 200


@pytest.mark.parametrize(
    ("target", "lands"),
    [
        ("/voices/?a=1", "/voices/?a=1"),
        ("https://evil.example/", "/"),
        ("//evil.example/", "/"),
        ("/\\evil.example", "/"),
        ("javascript:alert(1)", "/"),
        ("https:evil.example", "/"),
        ("", "/"),
    ],
)
def test_it_goes_on_only_to_paths_of_the_studio(client: Client, target: str, lands: str) -> None:
    factories.make_user("ada")
    assert _sign_in(client, next=target)["Location"] == lands


def test_a_wrong_password_keeps_the_name_and_says_nothing_more(client: Client) -> None:
    factories.make_user("ada")
    response = _sign_in(client, password="wrong", next="/voices/")
    assert response.status_code == 422
    page = response.content.decode()
    assert 'value="ada"' in page
    assert 'value="/voices/"' in page
    assert "wrong" not in page
    assert _sign_in(client, name="nobody", password="x").status_code == 422


def test_the_sixth_try_is_told_when_to_come_back(client: Client) -> None:
    factories.make_user("ada")
    for _ in range(accounts.PER_NAME_AND_PLACE):
        _sign_in(client, password="wrong")
    response = _sign_in(client)
    assert response.status_code == 429
    assert "Try again in 15 minutes" in response.content.decode()
    assert "_auth_user_id" not in client.session


def test_signing_out_takes_a_post(client: Client) -> None:
    client.force_login(factories.make_user("ada"))
    assert client.get("/sign-out/").status_code == 405
    assert client.post("/sign-out/")["Location"] == "/sign-in/"
    assert client.get("/account/").status_code == 302


def test_the_first_administrator_gets_in_by_a_button_and_only_once(client: Client) -> None:
    path = links.issue_first_admin_link()
    assert path
    for _ in range(3):  # previewers and impatient people send GETs
        assert client.get(path).status_code == 200
        assert client.head(path).status_code == 200
    assert OneTimeLink.objects.get().used_at is None
    response = client.post(path, NEW)
    assert response.status_code == 302
    assert User.objects.get(username="zoe").is_superuser
    assert client.get("/people/").status_code == 200
    again = Client().post(path, {**NEW, "username": "eve"})
    assert again.status_code == 410
    assert "already used" in again.content.decode()


def test_a_slip_in_the_form_keeps_the_input_and_the_link(client: Client) -> None:
    path = links.issue_first_admin_link()
    assert path
    response = client.post(path, {**NEW, "again": "something else"})
    assert response.status_code == 422
    page = response.content.decode()
    assert "not the same" in page
    assert 'value="zoe"' in page
    assert PASSWORD not in page
    assert client.post(path, NEW).status_code == 302


def test_a_link_is_never_logged(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    path = links.issue_first_admin_link()
    assert path
    client.post(path, {})
    OneTimeLink.objects.all().delete()
    client.post(path, NEW)
    assert path not in caplog.text


def test_the_answers_of_a_link_are_not_cached(client: Client) -> None:
    path = links.issue_first_admin_link()
    assert path
    assert "no-store" in client.get(path)["Cache-Control"]


def test_an_invitation_says_what_the_role_may_do(client: Client, cast: SimpleNamespace) -> None:
    for role, words in (
        ("viewer", "you can listen."),
        ("reviewer", "comment, vote in listening tests, and approve takes or ask for changes"),
        ("producer", "edit lines, make takes"),
    ):
        issued = links.issue_invitation(cast.owner, project=cast.project, role=role)
        assert words in client.get(issued.path).content.decode()


def test_somebody_signed_in_joins_with_one_button(client: Client, cast: SimpleNamespace) -> None:
    issued = links.issue_invitation(cast.owner, project=cast.project, role="reviewer")
    client.force_login(cast.stranger)
    assert "Join the project" in client.get(issued.path).content.decode()
    assert client.post(issued.path)["Location"] == cast.project.get_absolute_url()
    assert cast.project.memberships.get(user=cast.stranger).role == "reviewer"


def test_a_newcomer_makes_an_account_and_is_signed_in(
    client: Client, cast: SimpleNamespace
) -> None:
    issued = links.issue_invitation(cast.owner, project=cast.project, role="viewer")
    page = client.get(issued.path).content.decode()
    assert f"/sign-in/?next={issued.path}" in page
    assert client.post(issued.path, NEW)["Location"] == cast.project.get_absolute_url()
    assert client.get("/account/").status_code == 200


def test_a_reset_link_sets_the_password(client: Client, cast: SimpleNamespace) -> None:
    path = links.issue_password_reset(cast.administrator, user=cast.viewer).path
    elsewhere = Client()
    elsewhere.force_login(cast.viewer)
    fresh = "quite another word"
    assert client.post(path, {"password": fresh, "again": fresh}).status_code == 302
    assert elsewhere.get("/account/").status_code == 302
    assert _sign_in(Client(), "dot", fresh).status_code == 302


@pytest.mark.django_db(transaction=True)
def test_a_link_posted_twice_at_once_makes_one_account() -> None:
    path = links.issue_first_admin_link()
    assert path
    gate, codes = threading.Barrier(2), []

    def press(name: str) -> None:
        browser = Client()
        gate.wait(10)
        codes.append(browser.post(path, {**NEW, "username": name}).status_code)
        connection.close()

    threads = [threading.Thread(target=press, args=(name,)) for name in ("one", "two")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(codes) == [302, 410]
    assert User.objects.count() == 1


def test_forgot_says_to_ask_where_there_is_no_mail(client: Client) -> None:
    assert "Ask your administrator" in client.get("/forgot/").content.decode()
    assert client.post("/forgot/", {"email": "ada@example.com"}).status_code == 422
    assert not OrmQ.objects.exists()


def test_forgot_does_the_same_for_known_and_unknown(client: Client, settings: Settings) -> None:
    settings.EMAIL_CONFIGURED, settings.PUBLIC_URL = True, "https://studio.example.com"
    ada = factories.make_user("ada", email="ada@example.com")
    answers = {
        client.post("/forgot/", {"email": email}).content.split(b"<main")[1]
        for email in ("ada@example.com", "nobody@example.com")
    }
    assert len(answers) == 1
    assert [row.task["args"] for row in OrmQ.objects.order_by("id")] == [(ada.pk,), (0,)]
    assert outbox.outbox == []  # the worker writes the letter


def test_the_account_page_saves_and_keeps_faulty_input(client: Client) -> None:
    ada = factories.make_user("ada")
    factories.make_user("bea", email="bea@example.com")
    client.force_login(ada)
    good = {"username": "ada", "shown_name": "Ada  Lovelace", "email": "ada@example.com"}
    assert client.post("/account/", good).status_code == 302
    ada.refresh_from_db()
    assert (ada.label, ada.email) == ("Ada Lovelace", "ada@example.com")
    response = client.post("/account/", {**good, "username": "bea", "email": "bea@example.com"})
    assert response.status_code == 422
    page = response.content.decode()
    assert "already has this name" in page
    assert "already has this e-mail" in page
    assert 'value="bea"' in page


def test_a_changed_password_keeps_this_device_and_ends_the_others(client: Client) -> None:
    ada = factories.make_user("ada")
    elsewhere = Client()
    for browser in (client, elsewhere):
        _sign_in(browser)
    url, fresh = reverse("speech:account_password"), "quite another word"
    wrong = client.post(url, {"current_password": "no", "new_password": fresh, "again": fresh})
    assert wrong.status_code == 422
    assert "not your password" in wrong.content.decode()
    slips = {"current_password": "no", "new_password": "short", "again": fresh}
    said = client.post(url, slips).content.decode()
    assert all(one in said for one in ("not your password", "too short", "not the same"))
    given = {"current_password": PASSWORD, "new_password": fresh, "again": fresh}
    assert client.post(url, given).status_code == 302
    assert client.get("/account/").status_code == 200
    assert elsewhere.get("/account/").status_code == 302
    assert ada.memberships.count() == 0
    assert not SignInAttempt.objects.exists()


def test_all_faults_of_a_new_account_are_said_at_once(client: Client) -> None:
    path = links.issue_first_admin_link()
    page = client.post(
        str(path), {"username": "Kim Lee", "password": "short", "again": "other"}
    ).content.decode()
    assert "no spaces" in page
    assert "too short" in page
    assert "not the same" in page
    assert "Passwords have to be typed again" in page
    assert 'value="Kim Lee"' in page
