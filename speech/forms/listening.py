from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.db.models import QuerySet

from speech.forms.base import RowsField, StudioForm, TextField
from speech.models import ListeningTest, User
from speech.queries.listening import Lane
from speech.services.listening import QUESTION_LIMIT, REMARK_LIMIT, TITLE_LIMIT
from speech.states import VoteMethod


class BallotForm(StudioForm):
    """A vote by letters: `pick`, or for each letter a `place_A` from 1, the best."""

    remark = TextField(
        lines=True,
        required=False,
        max_length=REMARK_LIMIT,
        label="Remark (optional)",
        help_text="Shown with the results, without your name. Everybody hears another order:"
        " describe the sound rather than its letter.",
        widget=forms.Textarea(attrs={"rows": 2}),
    )

    def __init__(
        self, data: Mapping[str, Any] | None = None, *, test: ListeningTest, lanes: Sequence[Lane]
    ) -> None:
        super().__init__(data, auto_id="vote_%s")
        self.test, self.lanes = test, lanes
        self.letters = [lane.letter for lane in lanes if lane.is_there]
        if test.is_ranked:
            places = [("", "–"), *((str(n), str(n)) for n in range(1, len(self.letters) + 1))]
            for letter in self.letters:
                self.fields[f"place_{letter}"] = forms.ChoiceField(
                    choices=places, required=False, label=f"Place of sound {letter}"
                )
        else:
            self.fields["pick"] = forms.ChoiceField(
                choices=[(letter, f"Sound {letter}") for letter in self.letters],
                required=False,
                widget=forms.RadioSelect,
            )

    def clean(self) -> None:
        if self.test.is_ranked:
            given = [self.cleaned_data.get(f"place_{letter}", "") for letter in self.letters]
            if sorted(given) != sorted(str(n) for n in range(1, len(self.letters) + 1)):
                raise forms.ValidationError(
                    "Give each sound a place of its own:"
                    f" 1 for the best, {len(self.letters)} for the last."
                )
        elif not self.cleaned_data.get("pick"):
            raise forms.ValidationError("Pick the sound that you like best.")

    @property
    def ranking(self) -> list[str]:
        """Letters, best first."""
        found = self.cleaned_data
        if not self.test.is_ranked:
            return [found["pick"]]
        return sorted(self.letters, key=lambda letter: int(found[f"place_{letter}"]))

    def ballot_rows(self) -> list[tuple[Lane, forms.BoundField | None, bool]]:
        """Each lane with its field for a place, and whether it is picked."""
        picked = self["pick"].value() if "pick" in self.fields else None
        return [
            (
                lane,
                self[name] if (name := f"place_{lane.letter}") in self.fields else None,
                picked == lane.letter,
            )
            for lane in self.lanes
        ]


class TestForm(StudioForm):
    """What is asked, how people vote, and who is asked."""

    __test__ = False

    title = TextField(label="Title", max_length=TITLE_LIMIT)
    question = TextField(
        label="Question (optional)",
        required=False,
        max_length=QUESTION_LIMIT,
        widget=forms.TextInput(attrs={"placeholder": "Which would you put on air?"}),
    )
    method = forms.ChoiceField(label="How people vote", choices=VoteMethod.choices)
    people = RowsField(
        queryset=User.objects.none(),
        required=False,
        label="Ask",
        widget=forms.CheckboxSelectMultiple,
    )

    def __init__(
        self,
        data: Mapping[str, Any] | None = None,
        *,
        test: ListeningTest,
        people: QuerySet[User],
    ) -> None:
        initial = {"title": test.title, "question": test.question, "method": test.method}
        super().__init__(data, initial=initial, auto_id="test_%s")
        field = self.fields["people"]
        field.queryset = people  # type: ignore[attr-defined]
        field.label_from_instance = lambda user: user.label  # type: ignore[attr-defined]
