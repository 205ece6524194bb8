"""Words and names that have to be said right; whoever approves confirms each that occurs.

Rule: the list asks from the next approval on; what is approved stays so. Reason: an approval is
bound to what was heard, and the list is advice to whoever hears. A removed word comes back from
the event that tells of its removal.
"""

from __future__ import annotations

from django.db import transaction

from speech.errors import BadInput, WrongState
from speech.models import Event, MustSay, Project, User
from speech.services.events import hold, log, moved, touch
from speech.states import ReviewState
from speech.text import has_words, one_line, search_key

WORD_LIMIT = 80
RESPELLING_LIMIT = 120
NOTE_LIMIT = 300
MOST_WORDS = 200
FACTS = ("word", "respelling", "note")
REMOVED = "must-say word removed"


@transaction.atomic
def add_word(
    actor: User, *, project: Project, word: str, respelling: str = "", note: str = ""
) -> MustSay:
    """Raises `BadInput` where the word is empty, too long, or there already."""
    facts = _clean(project, word, respelling, note)
    added = _keep(actor, project, facts)
    log(actor, "must-say word added", project=project, target=f"word {added.pk}", **facts)
    _touch(project)
    return added


@transaction.atomic
def change_word(
    actor: User, *, must_say: MustSay, word: str, respelling: str = "", note: str = ""
) -> MustSay:
    project = must_say.project
    old = _facts(must_say)
    new = _clean(project, word, respelling, note, but=must_say)
    what = moved(old, new)
    if not what:
        return must_say
    MustSay.objects.filter(pk=must_say.pk).update(**new)
    log(
        actor, "must-say word changed", project=project, target=f"word {must_say.pk}",
        word=old["word"], **what,
    )  # fmt: skip
    _touch(project)
    must_say.refresh_from_db()
    return must_say


@transaction.atomic
def remove_word(actor: User, *, must_say: MustSay) -> Event:
    """The event that `restore_word` can bring it back from."""
    project, facts, key = must_say.project, _facts(must_say), must_say.pk
    must_say.delete()
    event = log(actor, "must-say word removed", project=project, target=f"word {key}", **facts)
    _touch(project)
    return event


@transaction.atomic
def restore_word(actor: User, *, event: Event) -> MustSay:
    """Undo `remove_word`."""
    if event.verb != REMOVED or event.project is None:
        raise WrongState("There is no word to bring back.")
    project = event.project
    word, respelling, note = (str(event.data.get(name, "")) for name in FACTS)
    facts = _clean(project, word, respelling, note)
    added = _keep(actor, project, facts)
    log(actor, "must-say word restored", project=project, target=f"word {added.pk}", **facts)
    _touch(project)
    return added


def _keep(actor: User, project: Project, facts: dict[str, str]) -> MustSay:
    if project.must_say.count() >= MOST_WORDS:
        raise BadInput(f"At most {MOST_WORDS} words can be kept here.")
    return MustSay.objects.create(project=project, created_by=actor, **facts)


def _clean(
    project: Project, word: str, respelling: str, note: str, *, but: MustSay | None = None
) -> dict[str, str]:
    facts = {"word": one_line(word), "respelling": one_line(respelling), "note": one_line(note)}
    if not has_words(facts["word"]):
        raise BadInput("Type the word or name that has to be said right.")
    limits = {"word": WORD_LIMIT, "respelling": RESPELLING_LIMIT, "note": NOTE_LIMIT}
    for name, limit in limits.items():
        if len(facts[name]) > limit:
            many = len(facts[name])
            raise BadInput(f"A {name} has at most {limit} characters; this one has {many}.")
    hold(project.pk)
    others = project.must_say.exclude(pk=but.pk if but else 0)
    if search_key(facts["word"]) in {search_key(one.word) for one in others}:
        raise BadInput(f"“{facts['word']}” is on the list already.")
    return facts


def _facts(must_say: MustSay) -> dict[str, str]:
    return {"word": must_say.word, "respelling": must_say.respelling, "note": must_say.note}


def _touch(project: Project) -> None:
    """Takes that wait ask for other words now, so their pages have to hear of it."""
    waiting = project.reviews.filter(state=ReviewState.WAITING).values_list("take", flat=True)
    touch(project.pk, takes=waiting)
