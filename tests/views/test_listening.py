from __future__ import annotations

import re
from types import SimpleNamespace
from typing import Any

from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from speech.models import Ballot, Line, ListeningTest, Take, User
from speech.queries import listening as queries
from speech.services.lines import delete_line
from speech.services.listening import cast_vote, close_test, make_test, send_test
from tests import factories
from tests.views.people import signed_in


def _page(person: User, blind: ListeningTest) -> str:
    response = signed_in(person).get(blind.get_absolute_url())
    assert response.status_code == 200
    return response.content.decode()


def _letter_of(person: User, blind: ListeningTest, take: Take) -> str:
    heard = queries.in_order_of(person, blind, queries.takes_of(blind))
    return queries.LETTERS[heard.index(take)]


def _vote(person: User, blind: ListeningTest, **fields: str) -> Any:
    return signed_in(person).post(reverse("speech:test_vote", args=[blind.pk]), fields)


def _rank(cast: SimpleNamespace, blind: ListeningTest) -> None:
    send_test(cast.producer, test=blind, title="Closing line", method="rank")
    blind.refresh_from_db()


def test_one_press_on_the_board_makes_a_test_and_leads_to_it(
    cast: SimpleNamespace, takes: list[Take]
) -> None:
    url = reverse("speech:test_new", args=[cast.project.slug])
    response = signed_in(cast.reviewer).post(url, {"take": [take.pk for take in takes]})
    made = ListeningTest.objects.get()
    assert response["Location"] == made.get_absolute_url()
    assert made.created_by == cast.reviewer
    page = _page(cast.reviewer, made)
    for letter in "ABCD":
        assert f"Sound {letter}" in page
    assert "Sound E" not in page


def test_what_a_blind_test_asks_is_said_when_it_is_made(
    cast: SimpleNamespace, takes: list[Take]
) -> None:
    url = reverse("speech:test_new", args=[cast.project.slug])
    given = {"take": [take.pk for take in takes], "title": " Warmth ", "method": "rank"}
    asked = signed_in(cast.reviewer).post(url, {**given, "question": "Which is warm?"})
    assert asked.status_code == 302
    made = ListeningTest.objects.get()
    assert (made.title, made.question, made.method) == ("Warmth", "Which is warm?", "rank")
    refused = signed_in(cast.reviewer).post(url, {**given, "title": "x" * 121})
    assert refused.status_code == 422
    assert "At most 120 characters." in refused.content.decode()
    assert ListeningTest.objects.count() == 1


def test_a_test_made_by_mistake_is_undone_until_somebody_is_asked(
    cast: SimpleNamespace, takes: list[Take]
) -> None:
    url = reverse("speech:test_new", args=[cast.project.slug])
    keys = [take.pk for take in takes]
    page = signed_in(cast.reviewer).post(url, {"take": keys}, follow=True).content.decode()
    made = ListeningTest.objects.get()
    undo = reverse("speech:test_discard", args=[made.pk])
    assert f'action="{undo}"' in page
    assert signed_in(cast.producer).post(undo).status_code == 403
    back = signed_in(cast.reviewer).post(undo)
    assert "&".join(f"take={pk}" for pk in keys) in back["Location"]
    assert not ListeningTest.objects.exists()
    kept = make_test(cast.reviewer, project=cast.project, takes=keys)
    send_test(cast.reviewer, test=kept, title="Kept", people=[cast.producer])
    undo = reverse("speech:test_discard", args=[kept.pk])
    page = signed_in(cast.reviewer).post(undo, follow=True).content.decode()
    assert "Somebody was asked or voted already." in page
    assert ListeningTest.objects.get() == kept


def test_too_few_takes_are_refused_with_a_sentence(cast: SimpleNamespace) -> None:
    url = reverse("speech:test_new", args=[cast.project.slug])
    response = signed_in(cast.reviewer).post(url, {"take": ["1", "x", "²"]})
    assert response.status_code == 422
    assert "Choose 2 to 8 finished takes" in response.content.decode()


def test_a_vote_is_cast_and_the_names_come_in_place(
    cast: SimpleNamespace, blind: ListeningTest, takes: list[Take]
) -> None:
    best = _letter_of(cast.reviewer, blind, takes[2])
    response = _vote(cast.reviewer, blind, pick=best, remark="Warmest.")
    assert response["Location"] == f"{blind.get_absolute_url()}#results-title"
    assert Ballot.objects.get().ranking == [takes[2].pk]
    page = _page(cast.reviewer, blind)
    assert "1 of 1 vote for take 3." in page
    assert "one person’s ear" in page
    assert f"You heard it as {best} and picked it." in page
    assert "Warmest." in page
    order = [take for take in takes if take != takes[2]]
    board = f"{reverse('speech:compare', args=[cast.project.slug])}?take={takes[2].pk}&amp;"
    assert board in page
    assert all(f"take={take.pk}" in page for take in order)


def test_a_ranking_is_read_from_the_places(
    cast: SimpleNamespace, blind: ListeningTest, takes: list[Take]
) -> None:
    _rank(cast, blind)
    wanted = [takes[3], takes[0], takes[2], takes[1]]
    places = {
        f"place_{_letter_of(cast.reviewer, blind, take)}": str(at)
        for at, take in enumerate(wanted, 1)
    }
    _vote(cast.reviewer, blind, **places)
    assert Ballot.objects.get().ranking == [take.pk for take in wanted]
    page = _page(cast.reviewer, blind)
    assert "1 of 1 first place for take 4." in page
    assert re.search(r'mean place <b class="num">1\.0<', page)


def test_half_a_ranking_comes_back_with_what_was_chosen(
    cast: SimpleNamespace, blind: ListeningTest
) -> None:
    _rank(cast, blind)
    response = _vote(cast.reviewer, blind, place_A="2", place_B="2", remark="Hmm.")
    page = response.content.decode()
    assert response.status_code == 422
    assert "Give each sound a place of its own: 1 for the best, 4 for the last." in page
    assert page.count('<option value="2" selected>') == 2
    assert "Hmm." in page
    assert not Ballot.objects.exists()
    assert _vote(cast.reviewer, blind, place_A="9").status_code == 422


def test_a_vote_without_a_pick_or_with_a_strange_one_is_asked_for_again(
    cast: SimpleNamespace, blind: ListeningTest
) -> None:
    for fields in ({}, {"pick": "Z"}, {"place_A": "1"}):
        response = _vote(cast.reviewer, blind, **fields)
        assert response.status_code == 422
        assert "Pick the sound that you like best." in response.content.decode()


def test_a_second_vote_and_a_late_one_are_refused(
    cast: SimpleNamespace, blind: ListeningTest
) -> None:
    _vote(cast.reviewer, blind, pick="A")
    second = _vote(cast.reviewer, blind, pick="B")
    assert second.status_code == 409
    assert "a cast vote is final" in second.content.decode()
    close_test(cast.producer, test=blind)
    late = _vote(cast.owner, blind, pick="A")
    assert late.status_code == 409
    assert "This test is closed." in late.content.decode()
    assert Ballot.objects.exclude(voted_at=None).count() == 1


def test_results_come_after_the_own_vote_or_when_the_test_is_closed(
    cast: SimpleNamespace, blind: ListeningTest, takes: list[Take]
) -> None:
    cast_vote(cast.reviewer, test=blind, ranking=[takes[0].pk])
    seeing = {
        who: "test-results" in _page(getattr(cast, who), blind)
        for who in ("owner", "producer", "reviewer", "viewer")
    }
    assert seeing == {"owner": False, "producer": False, "reviewer": True, "viewer": False}
    close_test(cast.owner, test=blind)
    for who in ("owner", "producer", "viewer"):
        page = _page(getattr(cast, who), blind)
        assert "test-results" in page
        assert "You did not vote in this test." in page


def test_a_viewer_listens_and_is_told_that_only_others_vote(
    cast: SimpleNamespace, blind: ListeningTest
) -> None:
    page = _page(cast.viewer, blind)
    assert "Viewers can listen but not vote." in page
    assert "Cast my vote" not in page
    assert f"/tests/{blind.pk}/sound/A/" in page


def test_votes_are_counted_without_names(
    cast: SimpleNamespace, blind: ListeningTest, takes: list[Take]
) -> None:
    cast_vote(cast.reviewer, test=blind, ranking=[takes[0].pk], remark="Too bright.")
    cast_vote(cast.owner, test=blind, ranking=[takes[1].pk])
    page = _page(cast.owner, blind)
    assert "It counts without your name" in _page(cast.producer, blind)
    assert "2 voted: you, cy" in page
    assert "Take 1 and take 2 are level, with 1 of 2 votes each." in page
    assert page.count("Leads") == 0
    results = page[page.index('id="test-results"') : page.index("</section>")]
    assert "Too bright." in results
    assert ">cy<" not in results


def test_the_winner_can_be_used_from_the_results(
    cast: SimpleNamespace, blind: ListeningTest, takes: list[Take]
) -> None:
    cast_vote(cast.reviewer, test=blind, ranking=[takes[1].pk])
    assert "Use this take" not in _page(cast.reviewer, blind)
    close_test(cast.owner, test=blind)
    assert _page(cast.producer, blind).count("Use this take") == 4
    back = {"Referer": f"http://testserver{blind.get_absolute_url()}"}
    url = reverse("speech:take_choose", args=[takes[1].pk])
    response = signed_in(cast.producer).post(url, {"on": "1"}, headers=back)
    assert response["Location"] == blind.get_absolute_url()
    assert _page(cast.producer, blind).count("Use this take") == 3


def test_a_deleted_line_keeps_its_sounds_and_a_lost_sound_is_said(
    cast: SimpleNamespace, blind: ListeningTest, takes: list[Take], line: Line
) -> None:
    delete_line(cast.owner, line=line)
    takes[0].audio.storage.delete(str(takes[0].audio.name))
    page = _page(cast.reviewer, blind)
    assert page.count("This sound is no longer in the studio.") == 1
    assert page.count('name="pick"') == 3
    _vote(cast.reviewer, blind, pick=_letter_of(cast.reviewer, blind, takes[1]))
    page = _page(cast.reviewer, blind)
    assert "Its line is deleted" in page
    assert "data-play" not in page[page.index("test-results") :]


def test_sending_and_closing_is_for_the_maker_and_for_owners(
    cast: SimpleNamespace, takes: list[Take]
) -> None:
    made = make_test(cast.reviewer, project=cast.project, takes=[take.pk for take in takes])
    for name in ("test_send", "test_close"):
        url = reverse(f"speech:{name}", args=[made.pk])
        refused = signed_in(cast.producer).post(url, {"title": "Mine"})
        assert refused.status_code == 403
        assert "Only whoever made this test" in refused.content.decode()
    page = _page(cast.producer, made)
    assert "Ask others" not in page
    assert "Close the test" not in page
    assert "Ask others" in _page(cast.owner, made)
    closed = signed_in(cast.reviewer).post(reverse("speech:test_close", args=[made.pk]))
    assert closed.status_code == 302
    assert "Ask others" not in _page(cast.reviewer, made)


def test_people_are_asked_from_the_page(cast: SimpleNamespace, blind: ListeningTest) -> None:
    page = _page(cast.producer, blind)
    assert f'value="{cast.reviewer.pk}"' in page
    for nobody in (cast.viewer, cast.stranger):
        assert f'name="people" value="{nobody.pk}"' not in page
    said = {"title": "The close", "question": "Which one sells?", "method": "rank"}
    url = reverse("speech:test_send", args=[blind.pk])
    people = [cast.reviewer.pk, cast.owner.pk]
    response = signed_in(cast.producer).post(url, {**said, "people": people}, follow=True)
    page = response.content.decode()
    for words in ("The close", "Which one sells?", "Sent to", "Still to vote: ada, cy."):
        assert words in page
    wrong = signed_in(cast.producer).post(url, {"title": "", "method": "pick"})
    assert wrong.status_code == 422
    stranger = {**said, "people": [cast.stranger.pk]}
    assert signed_in(cast.producer).post(url, stranger).status_code == 422


def test_the_list_says_what_is_open_who_voted_and_what_waits(
    cast: SimpleNamespace, blind: ListeningTest, takes: list[Take]
) -> None:
    send_test(cast.producer, test=blind, title="The close", people=[cast.reviewer, cast.owner])
    cast_vote(cast.owner, test=blind, ranking=[takes[0].pk])
    url = reverse("speech:tests", args=[cast.project.slug])
    page = signed_in(cast.reviewer).get(url).content.decode()
    assert "Waits for your vote" in page
    assert re.search(r'<b class="num">1</b> <span[^>]*>of 2 voted', page)
    assert "You voted" in signed_in(cast.owner).get(url).content.decode()
    close_test(cast.owner, test=blind)
    assert "Closed" in signed_in(cast.viewer).get(url).content.decode()
    empty = factories.make_project(owner=cast.owner)
    none = signed_in(cast.owner).get(reverse("speech:tests", args=[empty.slug]))
    assert "No listening tests yet" in none.content.decode()


def test_the_list_asks_no_more_for_more_tests(
    cast: SimpleNamespace,
    blind: ListeningTest,
    takes: list[Take],
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    ids = [take.pk for take in takes]
    for _ in range(queries.TESTS_ON_A_PAGE + 2):
        other = make_test(cast.owner, project=cast.project, takes=ids)
        cast_vote(cast.reviewer, test=other, ranking=ids[:1])
    with django_assert_num_queries(2):
        rows = queries.rows(cast.reviewer, cast.project)
    assert {(row.takes, row.voted, row.asked) for row in rows} == {(4, 1, 1)}
    url = reverse("speech:tests", args=[cast.project.slug])
    older = signed_in(cast.reviewer).get(url, {"before": rows[-1].test.pk})
    assert [row.test for row in older.context["rows"]][-1] == blind


def test_news_of_a_vote_reach_those_who_may_see_them(
    cast: SimpleNamespace, blind: ListeningTest, takes: list[Take]
) -> None:
    cast_vote(cast.reviewer, test=blind, ranking=[takes[0].pk])
    cast_vote(cast.owner, test=blind, ranking=[takes[0].pk])
    page = _feed(cast.reviewer, blind)
    assert "2 of 2 votes for take 1." in page
    assert "2 of 2 votes" not in _feed(cast.producer, blind)
    close_test(cast.owner, test=blind)
    closed = _feed(cast.producer, blind)
    assert "This test was closed; no more votes are taken." in closed
    assert "2 of 2 votes for take 1." in closed
    assert f'id="test-{blind.pk}"' in _feed(cast.producer, blind, view="tests")


def test_news_of_a_test_elsewhere_stay_there(cast: SimpleNamespace, blind: ListeningTest) -> None:
    other = factories.make_project(owner=cast.stranger)
    client = signed_in(cast.stranger)
    url = reverse("speech:changes", args=[other.slug])
    type(other).objects.filter(pk=other.pk).update(version=5)
    query: dict[str, Any] = {"since": 0, "view": "listening", "test": blind.pk}
    response = client.get(url, query)
    assert response.status_code == 200
    assert "test-progress" not in response.content.decode()


def _feed(person: User, blind: ListeningTest, view: str = "listening") -> str:
    url = reverse("speech:changes", args=[blind.project.slug])
    query: dict[str, Any] = {"since": 0, "view": view, "test": blind.pk}
    response = signed_in(person).get(url, query, headers={"HX-Request": "true"})
    assert response.status_code == 200
    return response.content.decode()
