"""Every address × every role. An address that is not in the table fails the last test.

`tests/test_access.py` proves the table of capabilities; this proves that each page asks for the
right one. Whoever may not gets 404 where they must not know that the thing exists, 403 where
they know it, and the door where they have not signed in.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from speech.services.guests import make_guest_link, write_as_guest
from speech.services.links import issue_invitation
from speech.services.listening import make_test
from speech.services.notices import tell
from speech.states import JobState, NoticeKind, Role
from speech.wire import SLUG
from tests import factories

OUTSIDE = {"stranger", "creator", "keeper"}
"""On no project: one without any right, one who may create projects, one who keeps the voices."""
EVERYBODY = {"owner", "producer", "reviewer", "viewer", "administrator"} | OUTSIDE
MEMBERS = EVERYBODY - OUTSIDE
COMMENTERS = MEMBERS - {"viewer"}
MAKERS = COMMENTERS - {"reviewer"}
OWNERS = MAKERS - {"producer"}
ADMINISTRATORS = {"administrator"}
CREATORS = ADMINISTRATORS | {"creator"}
LISTENERS = EVERYBODY - {"stranger"}
ADDERS = MAKERS | {"creator", "keeper"}
KEEPERS = ADMINISTRATORS | {"keeper"}

MAY: dict[tuple[str, str], set[str]] = {
    # the studio
    ("projects", "GET"): EVERYBODY,
    ("project_new", "POST"): CREATORS,
    ("project", "GET"): MEMBERS,
    ("changes", "GET"): MEMBERS,
    ("presence_leave", "POST"): MEMBERS,
    ("history", "GET"): MEMBERS,
    ("activity", "GET"): MEMBERS,
    ("activity_csv", "GET"): MEMBERS,
    ("deliveries", "GET"): MEMBERS,
    ("delivery_make", "POST"): MAKERS,
    ("delivery_download", "GET"): MEMBERS,
    ("delivery_remove", "POST"): OWNERS,
    ("compare", "GET"): MEMBERS,
    ("unknowns_settle", "POST"): MAKERS,
    ("line", "GET"): MEMBERS,
    ("line_add", "POST"): MAKERS,
    ("line_paste", "POST"): MAKERS,
    ("line_edit", "POST"): MAKERS,
    ("line_cut", "POST"): MAKERS,
    ("line_setup", "POST"): MAKERS,
    ("line_move", "POST"): MAKERS,
    ("line_delete", "POST"): MAKERS,
    ("line_restore", "POST"): MAKERS,
    ("generate", "POST"): MAKERS,
    ("take", "GET"): MEMBERS,
    ("take_star", "POST"): COMMENTERS,
    ("take_comment", "POST"): COMMENTERS,
    ("take_names", "GET"): COMMENTERS,
    ("comment_resolve", "POST"): COMMENTERS,
    ("comment_delete", "POST"): MAKERS,  # a guest's; one's own: tests/views/test_comments.py
    ("guest_link_make", "POST"): MAKERS,
    ("guest_link_revoke", "POST"): MAKERS,
    # review: reviewers decide, and neither ask nor edit
    ("review_queue", "GET"): EVERYBODY,
    ("review", "GET"): MEMBERS,
    ("review_heard", "POST"): MEMBERS,
    ("review_approve", "POST"): COMMENTERS,
    ("review_changes", "POST"): COMMENTERS,
    ("review_take_back", "POST"): COMMENTERS,
    ("review_ask", "POST"): MAKERS,
    ("review_ask_ticked", "POST"): MAKERS,
    ("review_withdraw", "POST"): MAKERS,
    ("policy", "POST"): OWNERS,
    ("word_add", "POST"): MAKERS,
    ("word_change", "POST"): MAKERS,
    ("word_remove", "POST"): MAKERS,
    ("word_restore", "POST"): MAKERS,
    ("take_archive", "POST"): MAKERS,
    ("take_choose", "POST"): MAKERS,
    ("take_retry", "POST"): MAKERS,
    ("take_submit_again", "POST"): MAKERS,
    ("take_dismiss", "POST"): MAKERS,
    ("take_cancel", "POST"): MAKERS,
    ("waiting_cancel", "POST"): MAKERS,
    # sweeps
    ("sweeps", "GET"): MEMBERS,
    ("sweep", "GET"): MEMBERS,
    ("sweep_new", "GET"): MAKERS,
    ("sweep_new", "POST"): MAKERS,
    ("sweep_stop", "POST"): MAKERS,
    ("take_audio", "GET"): MEMBERS,
    ("take_download", "GET"): MEMBERS,
    # listening tests
    ("tests", "GET"): MEMBERS,
    ("test_new", "POST"): COMMENTERS,
    ("test", "GET"): MEMBERS,
    ("test_sound", "GET"): MEMBERS,
    ("test_vote", "POST"): COMMENTERS,
    ("test_send", "POST"): OWNERS,  # and whoever made it
    ("test_close", "POST"): OWNERS,
    ("test_discard", "POST"): OWNERS,
    # voices
    ("voices", "GET"): LISTENERS,
    ("voice", "GET"): LISTENERS,
    ("voice_state", "GET"): LISTENERS,
    ("voice_audio", "GET"): LISTENERS,
    ("voice_add", "GET"): ADDERS,
    ("voice_add", "POST"): ADDERS,
    ("voice_edit", "GET"): KEEPERS,  # and whoever added it
    ("voice_edit", "POST"): KEEPERS,
    ("voice_recheck", "POST"): KEEPERS,
    ("voice_consent", "POST"): KEEPERS,
    ("voice_archive", "POST"): KEEPERS,
    ("voice_delete", "GET"): KEEPERS,
    ("voice_delete", "POST"): KEEPERS,
    # a project's own settings
    ("project_settings", "GET"): MEMBERS,
    ("project_settings", "POST"): OWNERS,
    ("project_archive", "POST"): OWNERS,
    ("project_delete", "GET"): OWNERS,
    ("project_delete", "POST"): OWNERS,
    ("member_role", "POST"): OWNERS,
    ("member_remove", "POST"): OWNERS,
    ("invite", "POST"): OWNERS,
    ("invite_revoke", "POST"): OWNERS,
    ("keys", "GET"): OWNERS,
    ("keys", "POST"): OWNERS,
    ("key_budget", "POST"): OWNERS,
    ("key_revoke", "GET"): OWNERS,
    ("key_revoke", "POST"): OWNERS,
    # oneself, and everybody
    ("reference", "GET"): EVERYBODY,
    ("account", "GET"): EVERYBODY,
    ("account", "POST"): EVERYBODY,
    ("account_password", "POST"): EVERYBODY,
    ("account_notices", "POST"): EVERYBODY,
    ("my_changes", "GET"): EVERYBODY,
    ("notices", "GET"): EVERYBODY,
    ("notices_read", "POST"): EVERYBODY,
    ("notice_open", "POST"): {"viewer"},
    ("sign_out", "POST"): EVERYBODY,
    ("people", "GET"): ADMINISTRATORS,
    ("person_deactivate", "POST"): ADMINISTRATORS,
    ("person_reactivate", "POST"): ADMINISTRATORS,
    ("person_reset", "POST"): ADMINISTRATORS,
    ("person_administrator", "POST"): ADMINISTRATORS,
    ("studio_rights", "GET"): ADMINISTRATORS,
    ("studio_limits", "POST"): ADMINISTRATORS,
    ("person_rights", "POST"): ADMINISTRATORS,
    ("rights_acknowledge", "POST"): ADMINISTRATORS,
    ("settings", "GET"): ADMINISTRATORS,
    ("engine_state", "GET"): ADMINISTRATORS,
    ("engine_check", "POST"): ADMINISTRATORS,
    ("engine_resume", "POST"): ADMINISTRATORS,
    ("engine_status", "GET"): ADMINISTRATORS,
    ("engine_pause", "POST"): ADMINISTRATORS,
    ("doubts_settle", "GET"): ADMINISTRATORS,
    ("doubts_settle", "POST"): ADMINISTRATORS,
    ("studio_spend", "GET"): ADMINISTRATORS,
    ("studio_spend_csv", "GET"): ADMINISTRATORS,
    # what it costs: for those who may spend it
    ("spend", "GET"): MAKERS,
    ("spend_csv", "GET"): MAKERS,
    ("budget", "POST"): OWNERS,
}
FOR_GUESTS: dict[tuple[str, str], set[int]] = {
    ("guest", "GET"): {200},
    ("guest_sound", "GET"): {200},
    ("guest_changes", "GET"): {200, 204},
    ("guest_comment", "POST"): {422},
}
"""What whoever holds a guest link may open, signed in or not; nobody without it."""
OPEN_TO_ALL = {"healthz", "sign_in", "forgot", "link", "openapi"}
"""What somebody who has not signed in may open; `tests/views/test_session.py` has more to say."""
BY_KEY = {
    "api_submit", "api_run_sync", "api_status", "api_result", "api_poll", "api_credits",
    "api_upload",
}  # fmt: skip
"""What is opened by an API key alone, whoever is signed in; see `tests/api/`."""
BY_ADDRESS = {"api_output", "api_clip"}
"""What whoever holds the signed address may hear; see `tests/api/` as well."""
OF_THE_STUDIO = {name for name, _ in MAY if name.startswith(("voice", "person_", "engine_"))} | {
    "people", "settings", "doubts_settle", "studio_spend", "studio_spend_csv", "studio_rights",
    "studio_limits", "rights_acknowledge",
}  # fmt: skip
"""What whoever has a right in the studio knows of, on whatever project."""
KNOWN_TO_ALL = {"project_new"}
ONES_OWN = {"notice_open"}
"""What belongs to one person (the viewer here) is not there for anybody else."""
DONE = {200, 204, 302, 303, 409, 422}
"""Past the door, whatever the view then thinks of an empty form."""


@pytest.fixture
def house(cast: SimpleNamespace) -> SimpleNamespace:
    voice = factories.make_voice(clip=_stored("voices/1/clip.flac"))
    line = factories.make_line(cast.project)
    take = factories.make_take(line, voice=voice, audio=_stored("takes/1/take.flac"))
    heard = [take.pk, factories.make_stored_take(line).pk]
    blind = make_test(cast.owner, project=cast.project, takes=heard)
    failed = factories.make_take(line, state=JobState.FAILED)
    unknown = factories.make_take(line, state=JobState.UNKNOWN, engine="segmind")
    somebody = factories.make_user("somebody")
    cast.creator = factories.make_user("fay", may_create_projects=True)
    cast.keeper = factories.make_user("kit", keeps_voices=True)
    member = factories.add_member(cast.project, somebody, Role.VIEWER)
    invitation = issue_invitation(cast.owner, project=cast.project, role=Role.VIEWER)
    [notice] = tell(
        [cast.viewer], kind=NoticeKind.MENTION, project=cast.project, actor=cast.owner,
        sentence="Ada mentions you.", path="/",
    )  # fmt: skip
    guest = make_guest_link(cast.owner, take=take, label="Zoe", days=7)
    said = write_as_guest(guest.link, name="Zoe", text="Warmer")
    key = factories.make_key(cast.project)
    word = cast.project.must_say.create(word="Skyline")
    factories.make_delivery(cast.project)
    sweep = factories.make_sweep(line)
    slug = cast.project.slug
    by_first_word: dict[str, tuple[object, ...]] = {
        "projects": (), "project_new": (), "project": (slug,), "changes": (slug,),
        "history": (slug,), "activity": (slug,), "deliveries": (slug,), "delivery": (slug, 1),
        "delivery_make": (slug,), "compare": (slug,), "unknowns_settle": (slug,),
        "line_add": (slug,), "line_paste": (slug,), "line": (slug, line.pk),
        "generate": (slug, line.pk), "take_retry": (failed.pk,),
        "take_submit_again": (unknown.pk,), "take_dismiss": (unknown.pk,), "take": (take.pk,),
        "voices": (), "voice_add": (), "voice": (voice.pk,), "member": (slug, member.pk),
        "invite": (slug,), "invite_revoke": (slug, invitation.link.pk), "account": (),
        "my_changes": (), "notices": (), "notices_read": (), "notice": (notice.pk,),
        "presence_leave": (slug,), "sign_out": (), "people": (), "person": (somebody.pk,),
        "settings": (), "keys": (slug,), "key": (slug, key.pk), "reference": (),
        "studio_spend": (), "studio_spend_csv": (), "doubts_settle": (),
        "studio_rights": (), "studio_limits": (), "rights_acknowledge": (),
        "spend": (slug,), "spend_csv": (slug,), "budget": (slug,),
        "review_queue": (), "review": (take.pk,), "review_ask_ticked": (slug,), "policy": (slug,),
        "word": (slug, word.pk), "word_add": (slug,), "word_restore": (slug,),
        "engine": ("draft",), "tests": (slug,), "test_new": (slug,), "test": (blind.pk,),
        "waiting_cancel": (slug,), "sweeps": (slug,), "sweep": (sweep.pk,),
        "sweep_new": (slug, line.pk), "test_sound": (blind.pk, "A"), "comment": (said.pk,),
        "guest_link_make": (take.pk,), "guest_link_revoke": (guest.link.pk,),
        "guest": (guest.path.split("/")[2],),
    }  # fmt: skip
    return SimpleNamespace(cast=cast, arguments=by_first_word)


def _stored(name: str) -> str:
    return default_storage.save(name, ContentFile(b"fLaC and then some"))


def _url(house: SimpleNamespace, name: str) -> str:
    arguments = house.arguments.get(name, house.arguments.get(name.split("_", maxsplit=1)[0]))
    assert arguments is not None, name
    without_waiting = "?wait=0" if name.endswith("changes") else ""
    return reverse(f"speech:{name}", args=arguments) + without_waiting


@contextmanager
def _undone() -> Iterator[None]:
    """What is written inside is taken back."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


@pytest.mark.parametrize(("name", "method"), MAY)
def test_it_lets_in_exactly_who_may(house: SimpleNamespace, name: str, method: str) -> None:
    url = _url(house, name)
    answers = {}
    for role in sorted(EVERYBODY):
        with _undone():
            client = Client()
            client.force_login(getattr(house.cast, role))
            answers[role] = client.generic(method, url).status_code
    may = MAY[name, method]
    for role, status in answers.items():
        if role in may:
            assert status in DONE, f"{role} may: {status}"
        else:
            assert status == _refusal(name, role), f"{role} may not: {status}"


def _refusal(name: str, role: str) -> int:
    if name in ONES_OWN:
        return 404
    if role == "stranger":
        return 403 if name in KNOWN_TO_ALL else 404
    return 404 if role in OUTSIDE and name not in OF_THE_STUDIO | KNOWN_TO_ALL else 403


@pytest.mark.parametrize(("name", "method"), MAY)
def test_it_shows_the_door_to_whoever_is_not_signed_in(
    house: SimpleNamespace, client: Client, name: str, method: str
) -> None:
    response = client.generic(method, _url(house, name))
    assert response.status_code == 302
    assert response.headers["Location"].startswith("/sign-in/?next=")


@pytest.mark.parametrize("name", sorted({name for name, method in MAY if method == "POST"}))
def test_nothing_is_changed_by_a_get(house: SimpleNamespace, name: str) -> None:
    """Previewers and prefetching browsers send GETs."""
    if (name, "GET") in MAY:
        return
    client = Client()
    client.force_login(house.cast.administrator)
    assert client.get(_url(house, name)).status_code == 405
    assert client.delete(_url(house, name)).status_code == 405


@pytest.mark.parametrize(("name", "method"), FOR_GUESTS)
@pytest.mark.parametrize("who", [*sorted(EVERYBODY), "anonymous"])
def test_a_guest_link_opens_its_take_to_whoever_holds_it(
    house: SimpleNamespace, name: str, method: str, who: str
) -> None:
    client = Client()
    if who != "anonymous":
        client.force_login(getattr(house.cast, who))
    query = "?wait=0" if name == "guest_changes" else ""
    answer = client.generic(method, _url(house, name) + query)
    assert answer.status_code in FOR_GUESTS[name, method]
    assert client.generic(method, reverse(f"speech:{name}", args=["nonsense"])).status_code == 410


@pytest.mark.parametrize(("name", "method"), MAY)
def test_a_guest_opens_nothing_else(house: SimpleNamespace, name: str, method: str) -> None:
    """Not even with the name that their browser keeps."""
    guest = Client()
    guest.post(_url(house, "guest_comment"), {"name": "Zoe", "text": "Hello"})
    response = guest.generic(method, _url(house, name))
    assert response.status_code == 302
    assert response.headers["Location"].startswith("/sign-in/?next=")


def test_every_address_is_in_the_table() -> None:
    table = {name for name, _ in [*MAY, *FOR_GUESTS]}
    elsewhere = OPEN_TO_ALL | BY_KEY | BY_ADDRESS
    assert set(_names(get_resolver().url_patterns)) == table | elsewhere


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("name", sorted(BY_KEY))
def test_the_api_is_opened_by_a_key_and_by_nothing_else(
    cast: SimpleNamespace, client: Client, name: str
) -> None:
    client.force_login(cast.administrator)
    arguments = {"api_submit": [SLUG], "api_run_sync": [SLUG], "api_credits": [], "api_upload": []}
    url = reverse(f"speech:{name}", args=arguments.get(name, ["some-id"]))
    method = "GET" if name in {"api_status", "api_result", "api_poll", "api_credits"} else "POST"
    answer = client.generic(method, url, "{}", content_type="application/json")
    assert answer.status_code == 401
    assert answer.json()["error"] == "unauthorized"


def _names(patterns: list[URLPattern | URLResolver]) -> Iterator[str]:
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            yield from _names(pattern.url_patterns)
        else:
            assert pattern.name, f"{pattern} has no name"
            yield pattern.name
