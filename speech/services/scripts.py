"""Whole scripts: pasted as lines, and long lines cut into shorter ones.

Rule: what can be a line becomes one, and what cannot is named and handed back, so that a paste is
never lost over one paragraph. Nothing is cut that nobody asked to have cut. Reason: where a text
may be cut is a matter of how it should sound.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction

from speech.errors import BadInput, WrongState
from speech.models import Line, Project, User
from speech.params import TEXT_REFUSED_OVER, TEXT_WARNED_OVER
from speech.services.events import hold, log, touch
from speech.services.lines import LINE_LIMIT, edit_line, last_position, live_order, renumber
from speech.text import cut, sent, split_script

SCRIPT_LIMIT = 200
NAMED = 5
"""So many paragraphs that are refused are named one by one."""


@dataclass(frozen=True, kw_only=True)
class Refused:
    """A paragraph that is no line: which one it is, counted from 1, and what it says."""

    number: int
    text: str

    @property
    def sentence(self) -> str:
        words = " ".join(self.text[:60].split())
        return (
            f"Paragraph {self.number} (“{words}…”) has {len(self.text):,} characters;"
            f" a line holds at most {LINE_LIMIT:,}."
        )


@dataclass(frozen=True, kw_only=True)
class Pasted:
    lines: Sequence[Line]
    refused: Sequence[Refused]

    @property
    def too_long(self) -> list[Line]:
        """Those that no take can be made of as they are."""
        return [line for line in self.lines if len(sent(line.text)) > TEXT_REFUSED_OVER]

    @property
    def fault(self) -> str:
        """Why not all of it became lines, and what to do; empty where it did."""
        if not self.refused:
            return ""
        named = [one.sentence for one in self.refused[:NAMED]]
        if len(self.refused) > NAMED:
            named.append(f"{len(self.refused) - NAMED} more are as long.")
        what, it = ("It is", "it") if len(self.refused) == 1 else ("They are", "them")
        named.append(f"{what} not added: shorten {it}, or tick the box to have {it} cut.")
        return " ".join(named)


@transaction.atomic
def paste_script(
    actor: User | None, *, project: Project, script: str, cut_long: bool = False
) -> Pasted:
    """A whole script becomes lines, appended in order: one for each paragraph or typed line.
    `cut_long`: paragraphs that the model may garble are cut at the ends of their sentences."""
    paragraphs = split_script(script.replace("\x00", ""))
    if not paragraphs:
        raise BadInput("There is no text in this script.")
    refused = [] if cut_long else _refused(paragraphs)
    gone = {one.number for one in refused}
    kept = [text for number, text in enumerate(paragraphs, start=1) if number not in gone]
    texts = [piece for text in kept for piece in (_cut(text) if cut_long else [text])]
    if len(texts) > SCRIPT_LIMIT:
        raise BadInput(
            f"This script has {len(texts)} lines; at most {SCRIPT_LIMIT} can be pasted at once."
        )
    hold(project.pk)
    first = last_position(project) + 1
    lines = Line.objects.bulk_create(
        Line(project=project, text=text, position=first + index) for index, text in enumerate(texts)
    )
    if lines:
        log(actor, "script pasted", project=project, count=len(lines))
        touch(project.pk, lines=[line.pk for line in lines])
    return Pasted(lines=lines, refused=refused)


@transaction.atomic
def cut_line(actor: User, *, line: Line, revision: int | None = None) -> list[Line]:
    """A long line becomes several, cut at the ends of its sentences. The first stays this line;
    the others follow it, and are read as it is."""
    hold(line.project_id)
    current = Line.objects.select_for_update().select_related("project").get(pk=line.pk)
    if revision is not None and revision != current.revision:
        raise WrongState("This line was changed meanwhile. Nothing was cut; look at it once more.")
    first, *rest = _cut(current.text)
    if not rest:
        raise WrongState("This line is short enough to be read in one take.")
    edit_line(actor, line=current, text=first)
    project, end = current.project, last_position(current.project)
    made = Line.objects.bulk_create(
        Line(
            project=project, text=text, position=end + index, direction=current.direction,
            voice=current.voice, params=current.params,
            **({"pause_after": current.pause_after} if index == len(rest) else {}),
        )
        for index, text in enumerate(rest, start=1)
    )  # fmt: skip
    Line.objects.filter(pk=current.pk).update(
        pause_after=Line._meta.get_field("pause_after").default
    )
    new = [line.pk for line in made]
    order = [pk for pk in live_order(project) if pk not in new]
    at = order.index(current.pk) + 1
    renumber(project, [*order[:at], *new, *order[at:]])
    log(
        actor, "line cut", project=project, target=f"line {current.pk}", count=len(new) + 1,
    )  # fmt: skip
    touch(project.pk, lines=live_order(project))
    return list(Line.objects.filter(pk__in=[current.pk, *new]).order_by("position"))


def _cut(text: str) -> list[str]:
    return cut(text, most=TEXT_WARNED_OVER)


def _refused(paragraphs: Sequence[str]) -> list[Refused]:
    return [
        Refused(number=number, text=text)
        for number, text in enumerate(paragraphs, start=1)
        if len(text) > LINE_LIMIT
    ]
