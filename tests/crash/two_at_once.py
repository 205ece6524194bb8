"""A program for `test_two_at_once`: approve a take while somebody else changes what it is about.

Prints a line for each database error, and for each approval that is none.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial

import django

django.setup()

from django.db import DatabaseError, connections  # noqa: E402

from speech.errors import StudioError  # noqa: E402
from speech.models import Line, Membership, Project, Review, Take, User, Voice  # noqa: E402
from speech.services import (  # noqa: E402
    lines,
    members,
    must_say,
    policy,
    projects,
    reviews,
    takes,
    voices,
)
from speech.states import ReviewState, Role  # noqa: E402
from tests import factories  # noqa: E402

ROUNDS = 3
OTHERS: dict[str, Callable[[User, Project, Line, Take], object]] = {
    "approves too": lambda who, project, line, take: reviews.approve(who, take=take),
    "archives": lambda who, project, line, take: takes.archive_take(who, take=take, on=True),
    "edits": lambda who, project, line, take: lines.edit_line(who, line=line, text="Other words."),
    "moves": lambda who, project, line, take: lines.move_line(who, line=line, to=2),
    "deletes": lambda who, project, line, take: lines.delete_line(who, line=line),
    "sets up": lambda who, project, line, take: projects.set_project_defaults(
        who, project=project, tuning={"temperature": 1.3}, voice=project.voice
    ),
    "tunes the voice": lambda who, project, line, take: voices.edit_voice(
        who, voice=Voice.objects.get(pk=take.voice_id or 0), name="Bo", consent_by="Bo",
        consent_for="Ads", tuning={"temperature": 1.2},
    ),
    "deletes the voice": lambda who, project, line, take: voices.delete_voice(
        who, voice=Voice.objects.get(pk=take.voice_id or 0)
    ),
    "changes the policy": lambda who, project, line, take: policy.set_policy(
        who, project=project, policy="one", needed=2, own_approval=False, approvers=[]
    ),
    "removes the approver": lambda who, project, line, take: members.remove_member(
        who, member=Membership.objects.get(project=project, role=Role.REVIEWER)
    ),
}  # fmt: skip


def main() -> None:
    owner, reviewer = (User.objects.create(username=name) for name in ("ada", "cy"))
    for number in range(ROUNDS):
        for name, other in OTHERS.items():
            project = factories.make_project(owner=owner, name=f"{name} {number}")
            factories.add_member(project, reviewer, Role.REVIEWER)
            take = factories.make_reviewable_take(project)
            factories.make_line(project)
            reviews.ask_review(owner, take=take)
            _approve_while(name, reviewer, owner, take, other)
        project = factories.make_project(owner=owner)
        add = partial(must_say.add_word, owner, project=project, word="Fernweh")
        _at_once("adds a word twice", add, add)


def _approve_while(
    name: str, reviewer: User, owner: User, take: Take, other: Callable[..., object]
) -> None:
    project = Project.objects.get(pk=take.project_id)
    line = Line.objects.select_related("project").get(pk=take.line_id)
    mine, theirs = (Take.objects.get(pk=take.pk) for _ in range(2))
    _at_once(
        name,
        partial(reviews.approve, reviewer, take=mine),
        partial(other, owner, project, line, theirs),
    )
    review = Review.objects.get(take=take)
    if review.state == ReviewState.APPROVED and not reviews.still_holds(review):
        print(f"{name}: approved, and not what the line asks for")


def _at_once(name: str, *acts: Callable[[], object]) -> None:
    ready = threading.Barrier(len(acts))

    def begin(act: Callable[[], object]) -> None:
        try:
            ready.wait()
            act()
        except StudioError:
            pass  # one of them was too late, and is told
        except DatabaseError as error:
            print(f"{name}: {error}")
        finally:
            connections.close_all()

    threads = [threading.Thread(target=begin, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


if __name__ == "__main__":
    main()
