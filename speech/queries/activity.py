"""What has happened in a project, in sentences, newest first.

Rule: an event is told from what it holds; names of lines, takes and people are today's, so that
they lead to where things are now. Paged by key, never counted: a page costs the same at the end
of a hundred thousand events.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from string import Formatter
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse

from speech.catalog import ENGINES
from speech.models import Event, Line, ListeningTest, Project, Take, User
from speech.params import BY_NAME
from speech.queries.staleness import Piece, plain, text_pieces
from speech.queries.verbs import VERBS, Kind
from speech.states import ReviewState, Role, VoteMethod

ENTRIES = 50
DIFF_LIMIT = 6000
"""Characters of both texts together that are still compared word by word."""
STUDIO = "the studio"
_LABELS = {
    "voice": "Voice",
    "pinned_seed": "Pinned seed",
    "pause_after": "Pause after",
    "own_approval": "People may approve their own takes",
}
_WHAT = {
    "line moved": "Place",
    "project renamed": "Name",
    "role changed": "Role",
    "member added": "Role",
    "take chosen": "Take in use",
    "choice removed": "Take in use",
    "approval policy changed": "Policy",
}
_TOLD_BY_REASON = frozenset(
    {"approval fell", "review stopped", "budget changed", "key budget changed"}
)
"""The sentence says what became of it; what changed, if anything is left to say, is the reason."""
_STATES = {**dict(ReviewState.choices), **dict(VoteMethod.choices)}
_ROLES = {role.value: role.label for role in Role}


@dataclass(frozen=True, kw_only=True)
class Part:
    """A run of a sentence. `role` is "who", "target" or empty; `path` leads to the thing."""

    text: str
    role: str = ""
    path: str = ""


@dataclass(frozen=True, kw_only=True)
class Change:
    what: str
    then: str
    now: str


@dataclass(frozen=True, kw_only=True)
class Entry:
    pk: int
    at: datetime
    kind: str
    who: str
    person: User | None
    """None: a guest, an API key or the studio itself."""
    parts: Sequence[Part]
    target: str
    old: str = ""
    new: str = ""
    """Where whole texts changed."""
    pieces: Sequence[Piece] = ()
    changes: Sequence[Change] = ()
    quote: str = ""

    @property
    def by_studio(self) -> bool:
        return self.who == STUDIO

    @property
    def sentence(self) -> str:
        return "".join(part.text for part in self.parts)

    @property
    def then(self) -> str:
        """Everything that was before, as one text."""
        return self.old or "; ".join(_said(one.what, one.then) for one in self.changes)

    @property
    def now(self) -> str:
        changed = "; ".join(_said(one.what, one.now) for one in self.changes)
        return self.new or "; ".join(text for text in (changed, self.quote) if text)


@dataclass(frozen=True, kw_only=True)
class Page:
    entries: Sequence[Entry]
    older: int | None
    """`before` of the next page; None on the last one."""


@dataclass(frozen=True, kw_only=True)
class _Names:
    """Rows that events point to, by key."""

    project: Project
    lines: Mapping[int, Line]
    takes: Mapping[int, Take]
    people: Mapping[int, User]
    tests: Mapping[int, str]


def events(project: Project, wanted: Mapping[str, Any]) -> QuerySet[Event]:
    """Events of a project that match what `forms.activity.ActivityFilter` cleaned."""
    found = Event.objects.filter(project=project).select_related("actor")
    if wanted.get("kind"):
        found = found.filter(kind=wanted["kind"])
    if wanted.get("person"):
        found = found.filter(actor=wanted["person"])
    if wanted.get("line"):
        found = found.filter(about_line=wanted["line"].pk)
    return found.order_by("-id")


def page(
    project: Project, wanted: Mapping[str, Any], *, before: int | None = None, size: int = ENTRIES
) -> Page:
    """The newest `size` entries with a key below `before`. At most five queries."""
    found = events(project, wanted)
    if before is not None:
        found = found.filter(pk__lt=before)
    rows = list(found[: size + 1])
    shown = rows[:size]
    return Page(entries=entries(project, shown), older=shown[-1].pk if len(rows) > size else None)


def entries(project: Project, shown: Sequence[Event]) -> list[Entry]:
    """Events as they are told. At most four queries, whatever their number."""
    names = _names(project, shown)
    return [_entry(event, names) for event in shown]


def _names(project: Project, shown: Sequence[Event]) -> _Names:
    keys: dict[str, set[int]] = {"take": set(), "person": set(), "test": set()}
    for event in shown:
        what, _, key = event.target.partition(" ")
        if what in keys and key.isdigit():
            keys[what].add(int(key))
    about = {event.about_line for event in shown if event.about_line}
    tests = ListeningTest.objects.filter(project=project, pk__in=keys["test"])
    takes = Take.objects.filter(project=project, pk__in=keys["take"])
    return _Names(
        project=project,
        lines=_by_key(project.lines.filter(pk__in=about)) if about else {},
        takes=_by_key(takes.only("pk", "number", "line_id")) if keys["take"] else {},
        people=_by_key(User.objects.filter(pk__in=keys["person"])) if keys["person"] else {},
        tests=dict(tests.values_list("pk", "title")) if keys["test"] else {},
    )


def _by_key(rows: Iterable[Any]) -> dict[int, Any]:
    return {row.pk: row for row in rows}


def _entry(event: Event, names: _Names) -> Entry:
    verb = VERBS.get(event.verb)
    who = _who(event)
    target = _target(event, names)
    sentence = verb.sentence if verb else f"{{who}}: {event.verb}" + ", {target}" * bool(target)
    old, new = "", ""
    pieces: Sequence[Piece] = ()
    if verb and verb.words:
        old, new = str(event.data.get("old", "")), str(event.data.get("new", ""))
        if old != new and len(old) + len(new) <= DIFF_LIMIT:
            pieces = text_pieces(old, new)
    return Entry(
        pk=event.pk,
        at=event.created_at,
        kind=event.kind,
        who=who,
        person=event.actor,
        parts=_parts(sentence, event, who, target),
        target=target.text if target else "",
        old=old if old != new else "",
        new=new if old != new else "",
        pieces=pieces if any(piece.kind != "same" for piece in pieces) else (),
        changes=tuple(_changes(event, words=bool(verb and verb.words))),
        quote=_quote(event.data),
    )


def _who(event: Event) -> str:
    if event.actor is not None:
        return event.actor.label
    guest, api_key = event.data.get("guest"), event.data.get("api_key")
    if api_key:
        return f"API key “{api_key}”"
    return f"{guest} (guest)" if guest else STUDIO


def _parts(sentence: str, event: Event, who: str, target: Part | None) -> list[Part]:
    parts: list[Part] = []
    for text, name, _, _ in Formatter().parse(sentence):
        parts.append(Part(text=text))
        if name == "who":
            parts.append(Part(text=who, role="who"))
        elif name == "target":
            parts.append(target or Part(text="something"))
        elif name:
            parts.append(Part(text=_value(name, event.data)))
    found = [part for part in parts if part.text]
    first = found[0]
    capital = first.text[:1].upper() + first.text[1:]
    if first.role != "who" or first.text == STUDIO:
        found[0] = Part(text=capital, role=first.role, path=first.path)
    return found


def _value(name: str, data: Mapping[str, Any]) -> str:
    """A word of a sentence, from the event's data."""
    if name == "takes":
        numbers = data.get("numbers") or []
        if len(numbers) > 1:
            return f"takes {numbers[0]} to {numbers[-1]}"
        return f"take {numbers[0]}" if numbers else "takes"
    value = data.get(name, "…")
    if isinstance(value, list):
        return ", ".join(str(one) for one in value)
    if name == "role":
        return _ROLES.get(value, str(value)).lower()
    if name == "engine":
        return ENGINES[value].label if value in ENGINES else str(value)
    return plain(value)


def _target(event: Event, names: _Names) -> Part | None:
    what, _, key = event.target.partition(" ")
    if not key.isdigit():
        return Part(text=event.target, role="target") if event.target else None
    pk = int(key)
    if what == "line":
        return _line(pk, names, deleted="" if event.verb == "line deleted" else "deleted ")
    if what == "take":
        return _take(pk, event, names)
    if what == "person":
        person = names.people.get(pk)
        return Part(text=person.label if person else "somebody", role="target")
    if what == "test":
        title = names.tests.get(pk) or event.data.get("title", "")
        path = reverse("speech:test", args=[pk]) if pk in names.tests else ""
        return Part(text=f"the listening test “{title}”", role="target", path=path)
    if what == "delivery":
        path = reverse("speech:deliveries", args=[names.project.slug])
        number = event.data.get("number", "…")
        return Part(text=f"delivery {number}", role="target", path=path)
    name = event.data.get("name")
    return Part(text=f"the {what} “{name}”" if name else f"{_article(what)} {what}", role="target")


def _line(pk: int, names: _Names, *, deleted: str = "deleted ") -> Part:
    line = names.lines.get(pk)
    if line is None:
        return Part(text="a line that is gone", role="target")
    if line.deleted_at is not None:
        return Part(text=f"the {deleted}line “{_short(line.text)}”", role="target")
    path = reverse("speech:line", args=[names.project.slug, pk])
    return Part(text=f"line {line.position}", role="target", path=path)


def _take(pk: int, event: Event, names: _Names) -> Part:
    take = names.takes.get(pk)
    if take is None:
        return Part(text="a take that is gone", role="target")
    line = _line(event.about_line or take.line_id, names)
    path = reverse("speech:take", args=[pk]) if line.path else ""
    return Part(text=f"take {take.number} of {line.text}", role="target", path=path)


def _changes(event: Event, *, words: bool) -> list[Change]:
    data, found = event.data, []
    old, new = data.get("old"), data.get("new")
    if isinstance(old, Mapping) or isinstance(new, Mapping):
        then, now = _flat(old), _flat(new)
        found = [
            Change(what=_label(name), then=_shown(then.get(name)), now=_shown(now.get(name)))
            for name in {**then, **now}
            if then.get(name) != now.get(name)
        ]
    elif not words and old != new and event.verb not in _TOLD_BY_REASON:
        what = _WHAT.get(event.verb, "State" if event.kind == Kind.REVIEW else "")
        found = [Change(what=what, then=_shown(old), now=_shown(new))]
    for one in data.get("changes") or []:
        if isinstance(one, Mapping):
            what = str(one.get("what", ""))
            found.append(
                Change(what=what, then=_shown(one.get("then")), now=_shown(one.get("now")))
            )
    return found


def _flat(value: Any) -> dict[str, Any]:
    """Earlier releases nested parameters, or kept only the new ones."""
    if not isinstance(value, Mapping):
        return {}
    flat: dict[str, Any] = {}
    for name, inner in value.items():
        flat |= inner if isinstance(inner, Mapping) else {name: inner}
    return flat


def _label(name: str) -> str:
    if name in BY_NAME:
        return BY_NAME[name].label
    return _LABELS.get(name) or name.replace("_", " ").capitalize()


def _shown(value: Any) -> str:
    if value is None or value == "":
        return "none"
    if isinstance(value, list):
        return ", ".join(_shown(one) for one in value) or "none"
    return _STATES.get(value) or _ROLES.get(value) or plain(value)


def _quote(data: Mapping[str, Any]) -> str:
    """What somebody said, and at which second of the take."""
    said = next((str(data[name]) for name in ("text", "reason", "note") if data.get(name)), "")
    times = [data[name] for name in ("start", "end") if isinstance(data.get(name), int | float)]
    when = " to ".join(f"{int(time // 60)}:{time % 60:04.1f}" for time in times)
    return f"{when} · {said}" if said and when else said


def _said(what: str, value: str) -> str:
    return f"{what}: {value}" if what else value


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= 40 else f"{text[:39]}…"


def _article(word: str) -> str:
    return "an" if word[:1] in "aeiou" else "a"
