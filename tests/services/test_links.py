from __future__ import annotations

import threading
from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.core import mail as outbox
from django.db import connection
from django.utils import timezone
from pytest_django import Settings

from speech.errors import BadInput, ParamErrors, StudioError, WrongState
from speech.models import Event, Membership, OneTimeLink, User
from speech.services import accounts, links, members
from speech.states import Role
from tests import factories

pytestmark = pytest.mark.django_db
PASSWORD = "a long enough word"


def _token(path: str) -> str:
    return path.removeprefix("/link/").removesuffix("/")


def _first() -> str:
    path = links.issue_first_admin_link()
    assert path is not None
    return _token(path)


def _invite(cast: SimpleNamespace, role: str = Role.REVIEWER) -> str:
    return _token(links.issue_invitation(cast.owner, project=cast.project, role=role).path)


def test_the_first_administrator_comes_in_once_and_owns_the_demo() -> None:
    demo = factories.make_project(is_demo=True)
    token = _first()
    person = links.become_first_administrator(token, username="ada", password=PASSWORD)
    assert person.is_superuser
    assert Membership.objects.get(project=demo, user=person).role == Role.OWNER
    assert links.issue_first_admin_link() is None
    with pytest.raises(links.LinkGone, match="already used"):
        links.become_first_administrator(token, username="eve", password=PASSWORD)
    assert User.objects.count() == 1


def test_a_new_first_link_stops_the_one_before() -> None:
    old, new = _first(), _first()
    with pytest.raises(links.LinkGone, match="taken back"):
        links.find_link(old)
    assert links.find_link(new).used_at is None


def test_only_the_hash_of_a_token_is_kept() -> None:
    token = _first()
    kept = OneTimeLink.objects.get()
    assert token not in str(OneTimeLink.objects.values().get())
    assert len(token) >= 43
    assert len(kept.token_hash) == 64
    assert not Event.objects.filter(data__icontains=token).exists()


def test_a_refused_form_leaves_the_link_usable() -> None:
    token = _first()
    with pytest.raises(ParamErrors):
        links.become_first_administrator(token, username="ada", password="short")
    person = links.become_first_administrator(token, username="ada", password=PASSWORD)
    assert person.username == "ada"


@pytest.mark.parametrize(
    ("field", "word"), [("used_at", "already used"), ("revoked_at", "taken back")]
)
def test_it_says_why_a_link_does_not_work(cast: SimpleNamespace, field: str, word: str) -> None:
    token = _invite(cast)
    OneTimeLink.objects.update(**{field: timezone.now()})
    with pytest.raises(links.LinkGone, match=word):
        links.accept_invitation(cast.stranger, token=token)
    assert not cast.stranger.memberships.exists()


def test_links_expire(cast: SimpleNamespace) -> None:
    token = _invite(cast)
    reset = links.issue_password_reset(cast.administrator, user=cast.viewer).link
    assert OneTimeLink.objects.get(project=cast.project).expires_at > timezone.now() + timedelta(
        days=6, hours=23
    )
    assert reset.expires_at < timezone.now() + timedelta(days=1, minutes=1)
    OneTimeLink.objects.update(expires_at=timezone.now())
    with pytest.raises(links.LinkGone, match="expired"):
        links.accept_invitation(cast.stranger, token=token)


def test_an_unknown_token_says_so() -> None:
    with pytest.raises(links.LinkGone, match="not one of ours"):
        links.find_link("x" * 43)


def test_a_link_is_good_for_its_own_purpose_only(cast: SimpleNamespace) -> None:
    token = _invite(cast)
    with pytest.raises(links.LinkGone, match="something else"):
        links.choose_new_password(token, password=PASSWORD)
    with pytest.raises(links.LinkGone):
        links.become_first_administrator(token, username="eve", password=PASSWORD)
    assert links.find_link(token).used_at is None


def test_an_invitation_never_lowers_a_role(cast: SimpleNamespace) -> None:
    links.accept_invitation(cast.producer, token=_invite(cast, Role.VIEWER))
    links.accept_invitation(cast.viewer, token=_invite(cast, Role.PRODUCER))
    roles = dict(cast.project.memberships.values_list("user__username", "role"))
    assert (roles["bea"], roles["dot"]) == (Role.PRODUCER, Role.PRODUCER)


def test_a_newcomer_joins_with_the_role_of_the_link(cast: SimpleNamespace) -> None:
    person = links.join_as_newcomer(
        _invite(cast), username="zoe", password=PASSWORD, email="zoe@example.com"
    )
    assert cast.project.memberships.get(user=person).role == Role.REVIEWER
    assert not person.is_superuser


def test_an_unknown_role_is_refused(cast: SimpleNamespace) -> None:
    with pytest.raises(BadInput, match="no role"):
        links.issue_invitation(cast.owner, project=cast.project, role="emperor")


def test_an_invitation_dies_with_the_right_to_invite(cast: SimpleNamespace) -> None:
    second = factories.add_member(cast.project, factories.make_user("olga"), Role.OWNER)
    token = _token(links.issue_invitation(second.user, project=cast.project, role="owner").path)
    members.set_role(cast.owner, member=second, role=Role.VIEWER)
    with pytest.raises(links.LinkGone, match="taken back"):
        links.accept_invitation(cast.stranger, token=token)


def test_a_taken_back_link_cannot_be_taken_back_again(cast: SimpleNamespace) -> None:
    link = links.issue_invitation(cast.owner, project=cast.project, role="viewer").link
    links.revoke_link(cast.owner, link=link)
    with pytest.raises(links.LinkGone):
        links.revoke_link(cast.owner, link=link)


def test_a_reset_sets_the_password_once_and_the_newest_link_counts(cast: SimpleNamespace) -> None:
    old = _token(links.issue_password_reset(cast.administrator, user=cast.viewer).path)
    new = _token(links.issue_password_reset(cast.administrator, user=cast.viewer).path)
    with pytest.raises(links.LinkGone, match="taken back"):
        links.choose_new_password(old, password="quite another word")
    links.choose_new_password(new, password="quite another word")
    person = accounts.check_credentials(
        name="dot", password="quite another word", address="192.0.2.1"
    )
    assert person == cast.viewer
    with pytest.raises(links.LinkGone, match="already used"):
        links.choose_new_password(new, password="and yet another word")


def test_deactivated_people_get_no_reset(cast: SimpleNamespace) -> None:
    token = _token(links.issue_password_reset(cast.administrator, user=cast.viewer).path)
    User.objects.filter(pk=cast.viewer.pk).update(is_active=False)
    cast.viewer.refresh_from_db()
    with pytest.raises(links.LinkGone, match="deactivated"):
        links.choose_new_password(token, password="quite another word")
    with pytest.raises(WrongState, match="deactivated"):
        links.issue_password_reset(cast.administrator, user=cast.viewer)


def test_a_reset_by_e_mail_is_sent_once_in_a_while(
    cast: SimpleNamespace, settings: Settings
) -> None:
    settings.EMAIL_CONFIGURED, settings.PUBLIC_URL = True, "https://studio.example.com"
    User.objects.filter(pk=cast.viewer.pk).update(email="dot@example.com")
    assert links.mail_password_reset(cast.viewer.pk)
    assert not links.mail_password_reset(cast.viewer.pk)
    assert not links.mail_password_reset(cast.stranger.pk)
    assert not links.mail_password_reset(0)
    (letter,) = outbox.outbox
    assert letter.to == ["dot@example.com"]
    token = letter.body.split("https://studio.example.com/link/")[1].split("/")[0]
    assert links.find_link(token).user == cast.viewer


@pytest.mark.django_db(transaction=True)
def test_a_link_posted_many_times_at_once_works_once(cast: SimpleNamespace) -> None:
    token = _invite(cast)
    gate, joined, refused = threading.Barrier(6), [], []

    def join(number: int) -> None:
        gate.wait(10)
        try:
            joined.append(links.join_as_newcomer(token, username=f"new{number}", password=PASSWORD))
        except StudioError as error:
            refused.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=join, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(joined) == 1
    assert [type(error) for error in refused] == [links.LinkGone] * 5
    assert User.objects.filter(username__startswith="new").count() == 1
