from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from speech.models import Comment, Project, Take
from speech.queries import takes as take_queries
from speech.services import guests
from speech.services.comments import resolve_comment, write_comment
from speech.states import JobState
from tests import factories

HTMX = {"HX-Request": "true"}


@pytest.fixture
def take(cast: SimpleNamespace) -> Take:
    line = factories.make_line(cast.project)
    return factories.make_take(line, voice=factories.make_voice(), duration=3.2, seed=4711)


@pytest.fixture
def reviewer(client: Client, cast: SimpleNamespace) -> Client:
    client.force_login(cast.reviewer)
    return client


def _post(client: Client, name: str, pk: int, data: dict[str, Any], **more: Any) -> Any:
    return client.post(reverse(f"speech:{name}", args=[pk]), data, **more)


def _page(client: Client, take: Take) -> str:
    return client.get(take.get_absolute_url()).content.decode()


def test_a_comment_at_a_time_shows_on_the_take_and_its_card(reviewer: Client, take: Take) -> None:
    data = {"text": "Slower here", "start": "0:01.2", "end": "2,5", "view": "line"}
    page = _post(reviewer, "take_comment", take.pk, data, headers=HTMX).content.decode()
    comment = Comment.objects.get()
    assert (comment.start, comment.end) == (1.2, 2.5)
    assert f'id="take-{take.pk}"' in page
    for place in (page, _page(reviewer, take), reviewer.get(take.line.get_absolute_url())):
        shown = place if isinstance(place, str) else place.content.decode()
        assert 'data-at="1.2" data-until="2.5"' in shown
        assert "0:01.2–0:02.5" in shown
        assert "1 open" in shown or "Slower here" in shown


def test_words_of_a_comment_are_never_markup(
    reviewer: Client, take: Take, cast: SimpleNamespace
) -> None:
    text = '<script>alert(1)</script> @<b>ada</b> & "quotes"\n@ada'
    _post(reviewer, "take_comment", take.pk, {"text": text})
    page = _page(reviewer, take)
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt; @&lt;b&gt;ada" in page
    assert '<b class="mention">@ada</b>' in page
    resolve_comment(cast.owner, comment=Comment.objects.get(), on=True)
    assert "<script>alert" not in _page(reviewer, take)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"text": ""}, "Write something first."),
        ({"text": "Here", "start": "soon"}, "Write a time in seconds"),
        ({"text": "Here", "start": "9"}, "between 0 and 3.2 seconds"),
        ({"text": "Here", "parent": "12345"}, "no longer here"),
    ],
)
def test_what_cannot_be_written_is_said_and_kept(
    reviewer: Client, take: Take, given: dict[str, str], says: str
) -> None:
    part = _post(reviewer, "take_comment", take.pk, given, headers=HTMX)
    assert part.status_code == 422
    assert says in part.content.decode()
    plain = _post(reviewer, "take_comment", take.pk, given)
    assert plain.status_code == 422
    page = plain.content.decode()
    assert says in page
    assert given["text"] in page
    assert not Comment.objects.exists()


def test_replying_resolving_and_deleting_work_without_javascript(
    reviewer: Client, take: Take, cast: SimpleNamespace
) -> None:
    first = write_comment(cast.owner, take=take, text="Slower?", start=1.0)
    there = f"{take.get_absolute_url()}#comment-"
    answer = _post(reviewer, "take_comment", take.pk, {"text": "Yes.", "parent": first.pk})
    reply = first.replies.get()
    assert (answer.status_code, answer["Location"]) == (302, f"{there}{reply.pk}")
    answer = _post(reviewer, "comment_resolve", first.pk, {"on": "1"})
    assert answer["Location"] == f"{there}{first.pk}"
    page = _page(reviewer, take)
    assert "✓ Resolved" in page
    assert "Reopen" in page
    _post(reviewer, "comment_resolve", first.pk, {"on": "0"})
    assert _post(reviewer, "comment_delete", reply.pk, {}).status_code == 302
    page = _page(reviewer, take)
    assert "Yes." not in page
    assert "✓ Resolved" not in page


def test_one_deletes_ones_own_and_editors_those_of_guests(
    reviewer: Client, take: Take, cast: SimpleNamespace
) -> None:
    theirs = write_comment(cast.owner, take=take, text="Mine alone")
    link = guests.make_guest_link(cast.owner, take=take, label="Zoe", days=1).link
    spam = guests.write_as_guest(link, name="Zoe", text="Buy now")
    assert _post(reviewer, "comment_delete", theirs.pk, {}).status_code == 403
    assert _post(reviewer, "comment_delete", spam.pk, {}).status_code == 403
    editor = Client()
    editor.force_login(cast.producer)
    assert _post(editor, "comment_delete", theirs.pk, {}).status_code == 403
    assert _post(editor, "comment_delete", spam.pk, {}, headers=HTMX).status_code == 200
    assert _post(editor, "comment_delete", spam.pk, {}).status_code == 404
    assert "Buy now" not in _page(editor, take)


def test_a_viewer_reads_and_has_nothing_to_press(
    client: Client, take: Take, cast: SimpleNamespace
) -> None:
    write_comment(cast.owner, take=take, text="Slower?")
    client.force_login(cast.viewer)
    page = _page(client, take)
    assert "Slower?" in page
    for words in ("Reply", "Resolve", "re-take", "<comment-form", "Guest links"):
        assert words not in page, words


def test_whom_one_can_mention_are_the_members(reviewer: Client, take: Take) -> None:
    answer = reviewer.get(reverse("speech:take_names", args=[take.pk])).json()
    assert [one["name"] for one in answer["names"]] == ["ada", "bea", "cy", "dot"]


def test_a_retake_is_prefilled_from_the_take_and_says_what_it_answers(
    client: Client, take: Take, cast: SimpleNamespace
) -> None:
    comment = write_comment(cast.reviewer, take=take, text="Slower, please", start=1.0)
    client.force_login(cast.producer)
    line = take.line
    link = f"{line.get_absolute_url()}?tweak={take.pk}&amp;answer={comment.pk}"
    assert link in _page(client, take)
    page = client.get(link.replace("&amp;", "&")).content.decode()
    assert 'value="4711"' in page
    assert "Nothing changed: this repeats take 1, which is no answer to the comment" in page
    assert "answer the comment of <b>cy</b> at 0:01.0" in page
    assert f'name="answers" value="{comment.pk}" form="line-form"' in page
    asked = {
        "text": line.text, "voice": take.voice_id, "seed": "4711", "engine": "draft", "count": "1",
        "tweak": take.pk, "answers": comment.pk,
    }  # fmt: skip
    url = reverse("speech:generate", args=[line.project.slug, line.pk])
    faulty = client.post(url, asked | {"seed": "nonsense"}, headers=HTMX)
    assert "answer the comment of" in faulty.content.decode(), "it is still an answer"
    assert client.post(url, asked).status_code == 302
    made = Take.objects.get(number=2)
    assert made.batch is not None
    assert made.batch.answers == comment
    assert "Answered" not in _page(client, take)
    Take.objects.filter(pk=made.pk).update(
        state=JobState.DONE, audio="a.flac", sha256="f" * 64, duration=3.0
    )
    assert f'href="{made.get_absolute_url()}">take 2</a>' in _page(client, take)


def test_a_comment_of_another_line_or_a_deleted_one_is_not_answered(
    client: Client, take: Take, cast: SimpleNamespace
) -> None:
    other = factories.make_take(factories.make_line(cast.project))
    foreign = write_comment(cast.owner, take=other, text="Over there")
    client.force_login(cast.producer)
    for answer in (str(foreign.pk), "9" * 30, "x"):
        asked = {"tweak": str(take.pk), "answer": answer}
        page = client.get(take.line.get_absolute_url(), asked)
        assert "Over there" not in page.content.decode()


def test_others_get_the_thread_even_where_the_card_has_to_wait(
    reviewer: Client, take: Take, cast: SimpleNamespace
) -> None:
    version = Project.objects.values_list("version", flat=True).get(pk=cast.project.pk)
    gone = write_comment(cast.owner, take=take, text="Oops")
    first = write_comment(cast.owner, take=take, text="Slower?", start=1.0)
    _post_as(cast.owner, "comment_delete", gone.pk)
    url = reverse("speech:changes", args=[cast.project.slug])
    for view in ("line", "detail"):
        query: dict[str, str | int] = {
            "since": version, "view": view, "line": take.line_id, "takes": take.pk,
        }  # fmt: skip
        news = reviewer.get(url, query, headers=HTMX).content.decode()
        assert f'<li id="thread-{first.pk}"' in news
        assert f'data-into="take-{take.pk}-threads"' in news
        assert f'<li id="thread-{gone.pk}" data-gone>' in news
        assert (f'<div id="take-{take.pk}-comments"' in news) is True


def _post_as(user: Any, name: str, pk: int) -> None:
    client = Client()
    client.force_login(user)
    assert _post(client, name, pk, {}).status_code == 302


def test_comments_cost_a_fixed_number_of_queries(
    cast: SimpleNamespace, take: Take, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    def say(target: Take, times: int) -> None:
        for _ in range(times):
            first = write_comment(cast.owner, take=target, text="Slower, @cy?")
            write_comment(cast.reviewer, take=target, text="Yes, @ada.", parent=first)

    for size in (1, 4):
        say(take, size)
        say(factories.make_take(take.line), size)
        with django_assert_max_num_queries(5):
            cards = take_queries.page_of_line(take.line).cards
            assert all(thread.answers == [] for card in cards for thread in card.threads)
