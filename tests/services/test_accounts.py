from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone

from speech.errors import ParamErrors, WrongState
from speech.models import OneTimeLink, SignInAttempt, User
from speech.services import accounts, links
from tests import factories

pytestmark = pytest.mark.django_db
PASSWORD = "a long enough word"


def _try(name: str, password: str = "wrong", address: str = "192.0.2.1") -> User:
    return accounts.check_credentials(name=name, password=password, address=address)


def _fail(times: int, name: str, address: str = "192.0.2.1") -> None:
    for _ in range(times):
        with pytest.raises(accounts.WrongCredentials):
            _try(name, address=address)


def test_it_knows_a_person_by_name_or_e_mail_in_any_case() -> None:
    ada = factories.make_user("Ada", email="ada@example.com")
    for name in ("Ada", "ada", " ADA ", "ada@example.com", "ADA@Example.com"):
        assert _try(name, PASSWORD) == ada


def test_it_says_the_same_of_unknown_wrong_and_deactivated() -> None:
    factories.make_user("ada")
    factories.make_user("gone", is_active=False)
    said = set()
    for name, password in (("ada", "wrong"), ("nobody", "wrong"), ("gone", PASSWORD)):
        with pytest.raises(accounts.WrongCredentials) as caught:
            _try(name, password)
        said.add(caught.value.sentence)
    assert len(said) == 1


def test_it_throttles_the_sixth_try_and_says_when_to_come_back() -> None:
    factories.make_user("ada")
    _fail(accounts.PER_NAME_AND_PLACE, "ada")
    with pytest.raises(accounts.Throttled) as caught:
        _try("ada", PASSWORD)
    assert "Try again in 15 minutes" in caught.value.sentence
    assert timedelta(minutes=14) < caught.value.retry_at - timezone.now() <= accounts.WINDOW


def test_a_throttled_try_does_not_make_the_wait_longer() -> None:
    _fail(accounts.PER_NAME_AND_PLACE, "ada")
    waits = set()
    for _ in range(3):
        with pytest.raises(accounts.Throttled) as caught:
            _try("ada")
        waits.add(caught.value.retry_at)
    assert len(waits) == 1
    assert SignInAttempt.objects.count() == accounts.PER_NAME_AND_PLACE


def test_it_counts_name_and_e_mail_of_one_person_together() -> None:
    factories.make_user("ada", email="ada@example.com")
    _fail(3, "ada")
    _fail(2, "ada@example.com")
    with pytest.raises(accounts.Throttled):
        _try("ada", PASSWORD)


def test_another_place_and_another_person_are_not_held_up() -> None:
    ada, bea = factories.make_user("ada"), factories.make_user("bea")
    _fail(accounts.PER_NAME_AND_PLACE, "ada")
    assert _try("ada", PASSWORD, address="192.0.2.77") == ada
    assert _try("bea", PASSWORD) == bea


def test_one_place_cannot_try_names_for_ever() -> None:
    factories.make_user("ada")
    for number in range(accounts.PER_PLACE):
        _fail(1, f"guess{number}", address="2001:db8:1:2::7")
    with pytest.raises(accounts.Throttled):
        _try("ada", PASSWORD, address="2001:db8:1:2:ffff::1")


def test_many_places_cannot_try_one_name_for_ever() -> None:
    factories.make_user("ada")
    for number in range(accounts.PER_NAME):
        _fail(1, "ada", address=f"10.0.{number}.1")
    with pytest.raises(accounts.Throttled):
        _try("ada", PASSWORD, address="10.1.0.1")


def test_the_window_passes_and_a_success_clears_the_count() -> None:
    factories.make_user("ada")
    _fail(accounts.PER_NAME_AND_PLACE, "ada")
    SignInAttempt.objects.update(at=timezone.now() - accounts.WINDOW)
    _try("ada", PASSWORD)
    assert not SignInAttempt.objects.exists()


@pytest.mark.parametrize(
    ("username", "email", "password", "field"),
    [
        ("", "", PASSWORD, "username"),
        ("two words", "", PASSWORD, "username"),
        ("ada@example.com", "", PASSWORD, "username"),
        ("ADA", "", PASSWORD, "username"),
        ("bea", "no address", PASSWORD, "email"),
        ("bea", "ADA@example.com", PASSWORD, "email"),
        ("bea", "", "short", "password"),
        ("bea", "", "password123", "password"),
        ("beatrice", "", "beatrice12", "password"),
    ],
)
def test_it_refuses_what_cannot_be_an_account(
    username: str, email: str, password: str, field: str
) -> None:
    factories.make_user("ada", email="ada@example.com")
    with pytest.raises(ParamErrors) as caught:
        accounts.create_person(username=username, email=email, password=password)
    assert field in {fault.field for fault in caught.value.faults}
    assert User.objects.count() == 1


def test_everything_wrong_is_said_at_once() -> None:
    with pytest.raises(ParamErrors) as caught:
        accounts.create_person(username="a b", email="x", password="1")
    assert {fault.field for fault in caught.value.faults} == {"username", "email", "password"}


def test_one_administrator_always_stays() -> None:
    root, other = factories.make_user("root", is_superuser=True), factories.make_user("other")
    with pytest.raises(WrongState, match="only administrator"):
        accounts.set_administrator(root, person=root, on=False)
    accounts.set_administrator(root, person=other, on=True)
    accounts.set_administrator(root, person=root, on=False)
    with pytest.raises(WrongState, match="only administrator"):
        accounts.deactivate_person(root, person=other)


def test_a_deactivated_administrator_does_not_count_as_one() -> None:
    root = factories.make_user("root", is_superuser=True)
    factories.make_user("gone", is_superuser=True, is_active=False)
    with pytest.raises(WrongState, match="only administrator"):
        accounts.set_administrator(root, person=root, on=False)


def test_deactivation_signs_out_for_good_and_takes_links_back(cast: SimpleNamespace) -> None:
    client = Client()
    client.force_login(cast.owner)
    other = Client()
    other.force_login(cast.viewer)
    handed_out = links.issue_invitation(cast.owner, project=cast.project, role="viewer")
    reset = links.issue_password_reset(cast.administrator, user=cast.owner)
    accounts.deactivate_person(cast.administrator, person=cast.owner)
    assert Session.objects.count() == 1
    accounts.reactivate_person(cast.administrator, person=cast.owner)
    assert client.get("/account/").status_code == 302
    assert other.get("/account/").status_code == 200
    for link in (handed_out.link, reset.link):
        assert OneTimeLink.objects.get(pk=link.pk).revoked_at is not None


def test_nobody_deactivates_themselves(cast: SimpleNamespace) -> None:
    with pytest.raises(WrongState, match="yourself"):
        accounts.deactivate_person(cast.administrator, person=cast.administrator)


def test_a_new_password_needs_the_old_one_and_ends_open_reset_links() -> None:
    ada = factories.make_user("ada")
    link = links.issue_password_reset(None, user=ada).link
    with pytest.raises(ParamErrors) as caught:
        accounts.change_password(ada, current="wrong", new="short")
    assert caught.value.faults[0].field == "current_password"
    assert len(caught.value.faults) > 1
    accounts.change_password(ada, current=PASSWORD, new="quite another word")
    assert _try("ada", "quite another word") == ada
    link.refresh_from_db()
    assert link.revoked_at is not None
