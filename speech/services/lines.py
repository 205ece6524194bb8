from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from django.db import transaction
from django.db.models import F, Max
from django.utils import timezone

from speech import params
from speech.errors import BadInput, WrongState
from speech.models import Event, Line, Project, Take, User, Voice
from speech.queries.combine import MARKED, combine
from speech.queries.staleness import text_pieces
from speech.queries.tuning import effective_tuning, effective_voice, inherited_tuning
from speech.services.cancelling import cancel_queued
from speech.services.events import hold, log, moved, touch
from speech.services.fallen import recheck
from speech.text import tidy

PAUSE_LIMIT = 30.0
LINE_LIMIT = 5000
"""More than one take can hold may be typed (and is warned about); this guards the database."""
DIRECTION_LIMIT = 300
SOMEBODY = "Somebody else"


class Words(NamedTuple):
    """What people write on a line."""

    text: str
    direction: str


@transaction.atomic
def add_line(
    actor: User | None,
    *,
    project: Project,
    text: str = "",
    after: Line | None = None,
    api_key: str = "",
) -> Line:
    """A new line at the end, or right after `after`. `api_key`: the name of the key that brought
    it, where nobody of the studio did."""
    _lock(project)
    line = Line(project=project, text=_clean_text(text), position=last_position(project) + 1)
    line.save()
    if after is not None:
        ids = live_order(project)
        ids.remove(line.pk)
        ids.insert(ids.index(after.pk) + 1, line.pk)
        renumber(project, ids)
        line.refresh_from_db()
    brought = {"api_key": api_key} if api_key else {}
    log(actor, "line added", project=project, target=f"line {line.pk}", text=line.text, **brought)
    # At the end it moves no other: a script that grows by thousands must not be stamped each time.
    touch(project.pk, lines=[line.pk] if after is None else live_order(project))
    return line


@transaction.atomic
def edit_line(
    actor: User,
    *,
    line: Line,
    text: str,
    direction: str | None = None,
    revision: int | None = None,
    base: Words | None = None,
    strict: bool = False,
) -> Line:
    """Save what was typed; the line as it is kept.

    A `revision` that is not the current one means that somebody else saved in between. `base` is
    what this person began with: what they left alone is then kept as the other one wrote it.
    What both changed is not overwritten: `EditConflict` carries both. `strict` refuses too where
    the text that is kept would be another than the one typed.
    """
    hold(line.project_id)
    current = Line.objects.select_for_update().get(pk=line.pk)
    text = _clean_text(text)
    if MARKED.search(text):
        raise BadInput(
            "Two texts were combined, and places are still marked. Keep what should be read and"
            " delete the marks ⟨\u00a0⟩."
        )
    direction = current.direction if direction is None else tidy(direction)[:DIRECTION_LIMIT]
    if revision is not None and revision != current.revision:
        text, direction = _settle(actor, current, Words(text, direction), base, strict=strict)
    if (text, direction) == (current.text, current.direction):
        return current
    old, changes = current.text, []
    if direction != current.direction:
        changes = [{"what": "Direction", "then": current.direction, "now": direction}]
    current.text, current.direction = text, direction
    current.revision += 1
    current.save(update_fields=["text", "direction", "revision", "updated_at"])
    log(
        actor, "line edited", project=current.project, target=f"line {line.pk}",
        old=old, new=text, changes=changes,
    )  # fmt: skip
    recheck(actor, lines=[line.pk])
    touch(current.project_id, lines=[line.pk])
    return current


class EditConflict(WrongState):
    """Somebody else saved this line meanwhile; both texts are kept for the person to choose."""

    code = "edit_conflict"

    def __init__(
        self,
        *,
        mine: Words,
        theirs: Words,
        base: Words | None,
        revision: int,
        who: str,
    ) -> None:
        super().__init__(
            f"{who} changed this line while you were typing. Nothing of yours is lost:"
            " choose a text, or combine them."
        )
        self.who, self.base = who, base
        self.mine, self.theirs, self.revision = mine.text, theirs.text, revision
        self.my_direction, self.their_direction = mine.direction, theirs.direction
        self.mine_shown = text_pieces(base.text if base else theirs.text, mine.text)
        self.theirs_shown = text_pieces(base.text if base else mine.text, theirs.text)
        self.combined = combine(base.text if base else None, mine.text, theirs.text)
        self.direction = combine_directions(base, mine, theirs)

    @property
    def whose(self) -> str:
        """What stands beside “Yours”."""
        if self.who == SOMEBODY:
            return "Theirs"
        return "From your other window" if self.who.startswith("You,") else f"{self.who}’s"


def conflict_again(
    actor: User, *, line: Line, mine: Words, base: Words | None
) -> EditConflict | None:
    """The choice between `mine` and what the line says now, once more; None where both are one."""
    theirs = Words(line.text, line.direction)
    if mine == theirs:
        return None
    return EditConflict(
        mine=mine, theirs=theirs, base=base, revision=line.revision, who=editor_of(line, actor)
    )


def combine_directions(base: Words | None, mine: Words, theirs: Words) -> str:
    """For people only, so both may stand beside each other."""
    one, other = mine.direction, theirs.direction
    began = base.direction if base else None
    if one in {other, began}:
        return other
    if other == began or not other:
        return one
    return f"{other} / {one}"[:DIRECTION_LIMIT]


def _settle(actor: User, current: Line, mine: Words, base: Words | None, *, strict: bool) -> Words:
    """What to keep of two edits that began with `base`. Raises `EditConflict`."""
    theirs = Words(current.text, current.direction)
    text = _newer(base.text if base and not strict else None, mine.text, theirs.text)
    if base is None:
        direction: str | None = mine.direction
    else:
        direction = _newer(base.direction, mine.direction, theirs.direction)
    if text is None or direction is None:
        raise EditConflict(
            mine=mine,
            theirs=theirs,
            base=base,
            revision=current.revision,
            who=editor_of(current, actor),
        )
    return Words(text, direction)


def editor_of(line: Line, reader: User) -> str:
    """Who saved it last, as `reader` reads it. One query."""
    edits = Event.objects.filter(project_id=line.project_id, about_line=line.pk, verb="line edited")
    last = edits.select_related("actor").order_by("-id").first()
    if last is None or last.actor is None:
        return SOMEBODY
    return "You, in another window," if last.actor == reader else last.actor.label


def _newer(base: str | None, mine: str, theirs: str) -> str | None:
    """The one that moved away from `base`; None where both did, each to another text."""
    if mine in {theirs, base}:
        return theirs
    return mine if theirs == base else None


@transaction.atomic
def set_line_setup(
    actor: User,
    *,
    line: Line,
    tuning: Mapping[str, object],
    voice: Voice | None,
    pinned_seed: int | None,
    pause_after: float | None = None,
) -> Line:
    """Voice, knobs and pinned seed of one line; None and blanks mean "as the project"."""
    hold(line.project_id)
    before = _setup_of(line)
    given = params.clean_tuning(tuning)
    standard = inherited_tuning(line.project, voice or line.project.voice)
    line.params = {name: value for name, value in given.items() if value != standard[name]}
    line.voice = voice if voice is None or voice.pk != line.project.voice_id else None
    line.pinned_seed = pinned_seed or None
    if pause_after is not None:
        if not 0 <= pause_after <= PAUSE_LIMIT:
            raise BadInput(f"A pause lasts from 0 to {PAUSE_LIMIT:g} seconds.")
        line.pause_after = pause_after
    line.save(update_fields=["params", "voice", "pinned_seed", "pause_after", "updated_at"])
    what = moved(before, _setup_of(line))
    if what:
        log(actor, "line setup changed", project=line.project, target=f"line {line.pk}", **what)
    recheck(actor, lines=[line.pk])
    touch(line.project_id, lines=[line.pk])
    return line


@transaction.atomic
def move_line(actor: User, *, line: Line, to: int) -> Line:
    """Put the line at position `to` (from 1); the others close up."""
    _lock(line.project)
    ids = live_order(line.project)
    was = ids.index(line.pk) + 1
    ids.remove(line.pk)
    ids.insert(max(0, min(to - 1, len(ids))), line.pk)
    renumber(line.project, ids)
    now = ids.index(line.pk) + 1
    log(actor, "line moved", project=line.project, target=f"line {line.pk}", old=was, new=now)
    touch(line.project_id, lines=ids)
    line.refresh_from_db()
    return line


@transaction.atomic
def delete_line(actor: User, *, line: Line) -> Line:
    """Take the line out of the script. Its takes stay, so that `restore_line` can undo it; those
    that were not sent yet are cancelled, for nobody wants to pay for them any more."""
    _lock(line.project)
    cancelled = cancel_queued(
        Take.objects.filter(line=line), why="The line was deleted", code="line_deleted"
    )
    line.deleted_at = timezone.now()
    line.save(update_fields=["deleted_at"])
    renumber(line.project, live_order(line.project))
    log(actor, "line deleted", project=line.project, target=f"line {line.pk}", text=line.text)
    touch(line.project_id, lines=[line.pk, *live_order(line.project)], takes=cancelled)
    return line


@transaction.atomic
def restore_line(actor: User, *, line: Line) -> Line:
    """Undo `delete_line`: the line comes back where it stood."""
    if line.deleted_at is None:
        return line
    _lock(line.project)
    ids = live_order(line.project)
    wanted = line.position
    line.deleted_at, line.position = None, last_position(line.project) + 1
    line.save(update_fields=["deleted_at", "position"])
    ids.insert(max(0, min(wanted - 1, len(ids))), line.pk)
    renumber(line.project, ids)
    log(actor, "line restored", project=line.project, target=f"line {line.pk}", text=line.text)
    recheck(actor, lines=[line.pk])
    touch(line.project_id, lines=ids)
    line.refresh_from_db()
    return line


def _setup_of(line: Line) -> dict[str, Any]:
    """What the next take would be made with, as it is written down."""
    voice = effective_voice(line)
    return {
        **effective_tuning(line),
        "voice": voice.name if voice else None,
        "pinned_seed": line.pinned_seed,
        "pause_after": line.pause_after,
    }


def _clean_text(text: str) -> str:
    text = text.replace("\r\n", "\n").replace("\x00", "")
    if len(text) > LINE_LIMIT:
        raise BadInput(
            f"This line has {len(text)} characters; a line holds at most {LINE_LIMIT}."
            " Paste it as a script, and it becomes several lines."
        )
    return text


def _lock(project: Project) -> None:
    hold(project.pk)


def live_order(project: Project) -> list[int]:
    """Keys of the lines that are not deleted, as they stand in the script."""
    live = Line.objects.filter(project=project, deleted_at=None)
    return list(live.order_by("position").values_list("pk", flat=True))


def last_position(project: Project) -> int:
    live = Line.objects.filter(project=project, deleted_at=None)
    return live.aggregate(last=Max("position"))["last"] or 0


def renumber(project: Project, ids: Sequence[int]) -> None:
    """Positions 1, 2, 3… in this order, past the unique constraint by way of negative ones."""
    Line.objects.filter(pk__in=ids).update(position=-F("position"))
    for index, pk in enumerate(ids, start=1):
        Line.objects.filter(pk=pk).update(position=index)
