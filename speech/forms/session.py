from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms

from speech.errors import ParamErrors
from speech.forms.base import StudioForm, TextField
from speech.forms.money import LimitsForm
from speech.models import User
from speech.services.accounts import account_faults, change_faults, password_faults

NEW_PASSWORD_HELP = "At least 10 characters; several words make a good one."  # noqa: S105
NAME_HELP = "Letters, digits and . _ + - without spaces, such as kim or kim.lee."


def _password(*, new: bool) -> forms.PasswordInput:
    return forms.PasswordInput(
        attrs={"autocomplete": "new-password" if new else "current-password"}
    )


class SignInForm(StudioForm):
    name = forms.CharField(
        label="Name or e-mail address",
        max_length=254,
        widget=forms.TextInput(
            attrs={"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false"}
        ),
    )
    password = forms.CharField(
        label="Password", max_length=4096, strip=False, widget=_password(new=False)
    )


class ForgotForm(StudioForm):
    email = forms.EmailField(
        label="Your e-mail address", widget=forms.EmailInput(attrs={"autocomplete": "email"})
    )


class NewPasswordForm(StudioForm):
    """A password, typed twice: there may be no e-mail to recover from a slip."""

    password = forms.CharField(
        label="Password",
        max_length=4096,
        strip=False,
        widget=_password(new=True),
        help_text=NEW_PASSWORD_HELP,
    )
    again = forms.CharField(
        label="Password, again", max_length=4096, strip=False, widget=_password(new=True)
    )

    def clean_again(self) -> str:
        again: str = self.cleaned_data["again"]
        if "password" in self.cleaned_data and self.cleaned_data["password"] != again:
            raise forms.ValidationError("The two passwords are not the same.")
        return again

    def clean(self) -> dict[str, Any]:
        """The service would say the same, but only once all else is right: all at once."""
        cleaned = super().clean() or self.cleaned_data
        if "password" in cleaned:
            person = User(username=cleaned.get("username", ""), email=cleaned.get("email", ""))
            if faults := password_faults(cleaned["password"], person):
                self.add_faults(ParamErrors(faults))
        if cleaned.get("username") and (
            faults := account_faults(username=cleaned["username"], email=cleaned.get("email", ""))
        ):
            self.add_faults(ParamErrors(faults))
        return cleaned


class FirstAdministratorForm(NewPasswordForm):
    username = forms.CharField(
        label="Name to sign in with",
        max_length=60,
        help_text=NAME_HELP,
        widget=forms.TextInput(attrs={"autocomplete": "username", "autocapitalize": "none"}),
    )
    field_order: Sequence[str] = ("username", "password", "again")


class FirstRunForm(LimitsForm, FirstAdministratorForm):
    """A new studio: its first administrator, and what it may spend."""

    field_order = ("username", "password", "again", "default_budget", "monthly_limit")


class NewcomerForm(FirstAdministratorForm):
    email = forms.EmailField(
        label="E-mail address (optional)",
        required=False,
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
        help_text="You can sign in with it too.",
    )
    field_order = ("username", "email", "password", "again")


class AccountForm(StudioForm):
    username = forms.CharField(
        label="Name to sign in with",
        max_length=60,
        help_text=NAME_HELP,
        widget=forms.TextInput(attrs={"autocomplete": "username", "autocapitalize": "none"}),
    )
    shown_name = TextField(
        label="Name that others see",
        max_length=60,
        required=False,
        help_text="Empty means the name above.",
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    email = forms.EmailField(
        label="E-mail address",
        required=False,
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )


class ChangePasswordForm(StudioForm):
    current_password = forms.CharField(
        label="Password now", max_length=4096, strip=False, widget=_password(new=False)
    )
    new_password = forms.CharField(
        label="New password",
        max_length=4096,
        strip=False,
        widget=_password(new=True),
        help_text=NEW_PASSWORD_HELP,
    )
    again = forms.CharField(
        label="New password, again", max_length=4096, strip=False, widget=_password(new=True)
    )

    def __init__(self, *args: Any, person: User | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.person = person

    def clean(self) -> dict[str, Any]:
        """The service would say the same, but only once the two new ones are equal."""
        cleaned = super().clean() or self.cleaned_data
        if self.person is not None and {"current_password", "new_password"} <= cleaned.keys():
            self.add_faults(
                ParamErrors(
                    change_faults(
                        self.person,
                        current=cleaned["current_password"],
                        new=cleaned["new_password"],
                    )
                )
            )
        return cleaned

    def clean_again(self) -> str:
        again: str = self.cleaned_data["again"]
        if "new_password" in self.cleaned_data and self.cleaned_data["new_password"] != again:
            raise forms.ValidationError("The two passwords are not the same.")
        return again
