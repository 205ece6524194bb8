from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.test.utils import CaptureQueriesContext

from speech.queries import activity
from speech.queries.verbs import VERBS, Kind, kind_of
from speech.services import reviews
from speech.services.comments import write_comment
from speech.services.events import log
from speech.services.lines import add_line, delete_line, edit_line, move_line, set_line_setup
from speech.services.members import admit, set_role
from speech.services.projects import rename_project, set_project_defaults
from speech.services.takes import archive_take, star_take
from speech.states import ReviewState, Role
from tests import factories

SPEECH = Path(__file__).resolve().parents[2] / "speech"


# --- every verb has its sentence ---


def _verbs_logged() -> Iterator[tuple[str, str]]:
    """(where, verb) of each `log(…)` in the source."""
    for path in sorted(SPEECH.rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for function in ast.walk(tree):
            if not isinstance(function, ast.FunctionDef):
                continue
            for call in ast.walk(function):
                if isinstance(call, ast.Call) and ast.unparse(call.func) == "log":
                    where = f"{path.relative_to(SPEECH)}:{call.lineno}"
                    verbs = list(_words(call.args[1], function, tree))
                    assert verbs, f"which verb is logged at {where}? Write it out."
                    yield from ((where, verb) for verb in verbs)


def _words(node: ast.expr, function: ast.FunctionDef, tree: ast.Module) -> Iterator[str]:
    """What an expression can say: literals, either-or, names that were given one of these."""
    if isinstance(node, ast.Constant):
        yield str(node.value)
    elif isinstance(node, ast.IfExp):
        yield from _words(node.body, function, tree)
        yield from _words(node.orelse, function, tree)
    elif isinstance(node, ast.JoinedStr):
        said = [""]
        for piece in node.values:
            inner = piece.value if isinstance(piece, ast.FormattedValue) else piece
            said = [one + word for one in said for word in _words(inner, function, tree)]
        yield from said
    elif isinstance(node, ast.Name):
        yield from _given(node.id, function, tree)
    else:
        pytest.fail(f"which verb is {ast.unparse(node)}? Write it out.")


def _given(name: str, function: ast.FunctionDef, tree: ast.Module) -> Iterator[str]:
    for node in (*ast.walk(function), *tree.body):
        if isinstance(node, ast.Assign) and name in {ast.unparse(one) for one in node.targets}:
            yield from _words(node.value, function, tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == function.name:
            for keyword in node.keywords:
                if keyword.arg == name:
                    yield from _words(keyword.value, function, tree)


def test_every_verb_that_is_logged_has_its_sentence() -> None:
    logged = set(_verbs_logged())
    assert len(logged) > 50, "the walk still finds them"
    assert not sorted(one for one in logged if one[1] not in VERBS)


def test_an_unknown_verb_still_reads_well(cast: SimpleNamespace) -> None:
    take = factories.make_take(factories.make_line(cast.project))
    event = log(cast.owner, "take sung", project=cast.project, target=f"take {take.pk}")
    entry = activity.entries(cast.project, [event])[0]
    assert entry.sentence == "ada: take sung, take 1 of line 1"
    assert event.kind == Kind.TAKES
    assert kind_of("comment sung") == Kind.COMMENTS
    assert kind_of("sun rose") == Kind.PROJECT


# --- sentences ---


def _told(project: Any, **wanted: Any) -> list[activity.Entry]:
    return list(activity.page(project, wanted).entries)


def _rows(entry: activity.Entry) -> list[tuple[str, str, str]]:
    return [(one.what, one.then, one.now) for one in entry.changes]


def test_it_tells_what_happened_newest_first(cast: SimpleNamespace) -> None:
    line = add_line(cast.owner, project=cast.project, text="Seven days.")
    take = factories.make_take(line, duration=70.0)
    star_take(cast.reviewer, take=take, on=True)
    archive_take(cast.owner, take=take, on=True)
    write_comment(cast.reviewer, take=take, text="Slower, please.", start=67.4)
    rename_project(cast.owner, project=cast.project, name="Autumn")
    log(None, "guest comment written", project=cast.project, target=f"take {take.pk}", guest="Eva")
    found = _told(cast.project)
    assert [entry.sentence for entry in found] == [
        "Eva (guest) commented on take 1 of line 1",
        "ada renamed the project",
        "cy commented on take 1 of line 1",
        "ada archived take 1 of line 1",
        "cy gave take 1 of line 1 a star",
        "ada added line 1",
    ]
    assert _rows(found[1]) == [("Name", "Skyline", "Autumn")]
    assert found[2].quote == "1:07.4 · Slower, please."
    assert found[-1].quote == "Seven days."


def test_a_text_is_compared_word_by_word(cast: SimpleNamespace) -> None:
    line = factories.make_line(cast.project, "Seven days on one charge.")
    edit_line(cast.owner, line=line, text="Seven nights on one charge.", direction="Calm")
    entry = _told(cast.project)[0]
    assert [(piece.kind, piece.text) for piece in entry.pieces] == [
        ("same", "Seven "),
        ("gone", "days"),
        ("new", "nights"),
        ("same", " on one charge."),
    ]
    assert (entry.then, entry.now) == (
        "Seven days on one charge.",
        "Seven nights on one charge.",
    )
    assert _rows(entry) == [("Direction", "none", "Calm")]


def test_parameters_and_voices_are_told_from_old_to_new(cast: SimpleNamespace) -> None:
    line = factories.make_line(cast.project)
    voice = factories.make_voice("Amara")
    for temperature, chosen in ((1.1, voice), (1.1, voice), (0.9, voice)):
        line.refresh_from_db()
        set_line_setup(
            cast.owner, line=line, tuning={"temperature": temperature}, voice=chosen,
            pinned_seed=None,
        )  # fmt: skip
    found = _told(cast.project)
    assert [_rows(entry) for entry in found] == [
        [("Temperature", "1.1", "0.9")],
        [("Temperature", "0.7", "1.1"), ("Voice", "none", "Amara")],
    ], "saving without a change is no event"
    set_project_defaults(cast.owner, project=cast.project, tuning={"top_k": 50}, voice=voice)
    assert ("Voice", "none", "Amara") in _rows(_told(cast.project)[0])


def test_what_made_an_approval_fall_is_told_as_its_reason(cast: SimpleNamespace) -> None:
    take = factories.make_reviewable_take(cast.project, created_by=cast.producer)
    reviews.approve(cast.owner, take=take)
    archive_take(cast.producer, take=take, on=True)
    told = {
        one.sentence.partition(" fell ")[0]: one for one in activity.page(cast.project, {}).entries
    }
    fell = told[f"The approval of take {take.number} of line {take.line.position}"]
    assert [change.what for change in fell.changes] == ["Take"]


def test_places_and_roles_are_told_from_old_to_new(cast: SimpleNamespace) -> None:
    lines = [factories.make_line(cast.project, text) for text in ("One.", "Two.", "Three.")]
    move_line(cast.owner, line=lines[2], to=1)
    admit(cast.stranger, project=cast.project, person=cast.stranger, role=Role.VIEWER)
    member = cast.project.memberships.get(user=cast.stranger)
    set_role(cast.owner, member=member, role=Role.REVIEWER)
    log(cast.owner, "take approved", project=cast.project, target="take 0",
        old=ReviewState.WAITING, new=ReviewState.APPROVED)  # fmt: skip
    found = _told(cast.project)
    assert [(entry.sentence, _rows(entry)) for entry in found] == [
        (
            "ada approved a take that is gone",
            [("State", "Waiting for review", "Approved")],
        ),
        ("ada changed the role of eve", [("Role", "Viewer", "Reviewer")]),
        ("eve joined as viewer", []),
        ("ada moved line 1", [("Place", "3", "1")]),
    ]


def test_what_an_earlier_release_wrote_down_is_still_told(cast: SimpleNamespace) -> None:
    line = factories.make_line(cast.project)
    log(cast.owner, "line setup changed", project=cast.project, target=f"line {line.pk}",
        new={"temperature": 1.1})  # fmt: skip
    log(cast.owner, "project defaults changed", project=cast.project,
        old={"params": {"top_p": 0.9}, "voice": 3}, new={"top_p": 0.5})  # fmt: skip
    defaults, setup = _told(cast.project)
    assert _rows(setup) == [("Temperature", "none", "1.1")]
    assert ("Top-p", "0.9", "0.5") in _rows(defaults)


def test_it_leads_to_what_is_still_there(cast: SimpleNamespace) -> None:
    line = add_line(cast.owner, project=cast.project, text="Gone tomorrow.")
    take = factories.make_take(line)
    star_take(cast.owner, take=take, on=True)
    assert [part.path for part in _told(cast.project)[0].parts if part.path] == [
        f"/takes/{take.pk}/"
    ]
    delete_line(cast.owner, line=line)
    entry = _told(cast.project)[0]
    assert entry.sentence == "ada deleted the line “Gone tomorrow.”"
    assert not [part for part in entry.parts if part.path]
    assert _told(cast.project)[1].sentence.endswith("of the deleted line “Gone tomorrow.” a star")


# --- filters, paging, cost ---


def test_it_filters_by_person_kind_and_line(cast: SimpleNamespace) -> None:
    first, second = (factories.make_line(cast.project, text) for text in ("One.", "Two."))
    take = factories.make_take(first)
    star_take(cast.reviewer, take=take, on=True)
    edit_line(cast.owner, line=first, text="Won.")
    edit_line(cast.owner, line=second, text="Too.")
    rename_project(cast.owner, project=cast.project, name="Autumn")
    assert len(_told(cast.project, person=cast.reviewer)) == 1
    assert len(_told(cast.project, line=first)) == 2, "its takes count as well"
    assert len(_told(cast.project, kind="lines")) == 2
    assert len(_told(cast.project, kind="lines", line=second, person=cast.owner)) == 1
    assert not _told(cast.project, kind="lines", person=cast.reviewer)


def test_pages_follow_each_other_without_gap_or_double(cast: SimpleNamespace) -> None:
    for number in range(7):
        rename_project(cast.owner, project=cast.project, name=f"Name {number}")
    seen, before = [], None
    while True:
        page = activity.page(cast.project, {}, before=before, size=3)
        seen += [entry.changes[0].now for entry in page.entries]
        before = page.older
        if before is None:
            break
    assert seen == [f"Name {number}" for number in reversed(range(7))]


def test_it_reads_the_same_number_of_rows_whatever_happened(
    cast: SimpleNamespace, django_assert_max_num_queries: Any
) -> None:
    def happen(count: int) -> None:
        for number in range(count):
            line = add_line(cast.owner, project=cast.project, text=f"Line {number}.")
            star_take(cast.reviewer, take=factories.make_take(line), on=True)
            person = factories.make_user()
            admit(person, project=cast.project, person=person, role=Role.VIEWER)

    for count in (3, 12):
        happen(count)
        with django_assert_max_num_queries(4) as seen:
            activity.page(cast.project, {})
        assert isinstance(seen, CaptureQueriesContext)
