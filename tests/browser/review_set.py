"""A film in review, for the tour: something waits, something fell, something is approved."""

from __future__ import annotations

FILM = """
from speech.models import User
from speech.services import lines, reviews
from speech.services.comments import write_comment
from speech.services.policy import set_policy
from speech.states import Role
from tests.factories import add_member, make_project, make_reviewable_take, make_user
boss = User.objects.get(username=given["boss"])
viewer = User.objects.get(username=given["viewer"])
mo = make_user("mo", first_name="Mo Adeyemi")
jp = make_user("jp", first_name="Jp Laurent")
film = make_project(owner=boss, name="Fernweh launch film")
add_member(film, mo, Role.PRODUCER)
add_member(film, jp, Role.REVIEWER)
add_member(film, viewer, Role.VIEWER)
note = "As in the jingle, not “fern-way”"
film.must_say.create(word="Fernweh", respelling="FAIRN-vay", note=note)
film.must_say.create(word="ninety seconds")
film.must_say.create(word="Skyline")
def take(text=None, line=None, **more):
    return make_reviewable_take(film, text or "", line=line, created_by=mo, **more)
text = "The Fernweh kettle boils in ninety seconds. [chuckle] Yes, we counted twice."
first = take(text, seed=4711)
second = take(line=first.line, text=first.text, seed=90412)
reviews.ask_review(mo, take=first)
reviews.ask_changes(jp, take=first, reason="A shade quicker into “ninety seconds”, and smile.")
reviews.ask_review(mo, take=second, note="Quicker, as Jp asked. Is the chuckle too much?")
write_comment(jp, take=second, text="Better! The chuckle is lovely.", start=1.9)
write_comment(boss, take=second, text="A touch long between the sentences?", start=1.2, end=1.7)
fallen = take("Seven days on a single charge.")
reviews.ask_review(mo, take=fallen)
reviews.note_hearing(boss, take=fallen)
reviews.approve(boss, take=fallen)
lines.edit_line(mo, line=fallen.line, text="Eight days on a single charge.")
approved = take("It folds flat, it weighs nothing, and it forgives the third floor without a lift.")
film.must_say.create(word="the third floor without a lift", respelling="thurd FLOR, no lift")
earlier = take(line=approved.line, text=approved.text, seed=11)
reviews.ask_review(mo, take=earlier)
reviews.approve(jp, take=approved, heard=["the third floor without a lift"])
other = take("Take the Skyline home. Leave the cable.")
reviews.ask_review(mo, take=other)
result = {
    "film": film.get_absolute_url(), "waiting": second.pk, "fallen": fallen.pk,
    "approved_line": approved.line_id, "film_line": first.line_id, "changes": first.pk,
    "superseded": earlier.pk,
}
"""
