"""Coming in and going out: sign-in, one-time links, one's own account."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth import login, logout, update_session_auth_hash
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from speech.background import enqueue
from speech.client_address import client_address
from speech.errors import ParamErrors
from speech.forms.notices import NoticeKindsForm
from speech.forms.session import (
    AccountForm,
    ChangePasswordForm,
    ForgotForm,
    SignInForm,
)
from speech.models import User
from speech.services import accounts, mail
from speech.views.answers import actor, typed

BACKEND = "django.contrib.auth.backends.ModelBackend"


@login_not_required
@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    target = safe_next(request)
    if request.user.is_authenticated:
        return redirect(target)
    form = SignInForm(typed(request))
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                person = accounts.check_credentials(
                    **form.cleaned_data, address=client_address(request)
                )
            except accounts.Throttled as error:
                form.add_error(None, error.sentence)
                status = 429
            except accounts.WrongCredentials as error:
                form.add_error(None, error.sentence)
            else:
                login(request, person, backend=BACKEND)
                return redirect(target)
    context = {"form": form, "next": request.POST.get("next", request.GET.get("next", ""))}
    return render(request, "session/sign_in.html", context, status=status)


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    logout(request)
    messages.info(request, "You are signed out.")
    return redirect("speech:sign_in")


@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def forgot(request: HttpRequest) -> HttpResponse:
    """Says the same whoever asks, and does the same work: a worker finds out who it was."""
    form = ForgotForm(typed(request))
    asked = request.method == "POST" and mail.can_mail() and form.is_valid()
    if asked:
        person = User.objects.filter(email__iexact=form.cleaned_data["email"]).first()
        enqueue("speech.tasks.mail_password_reset", person.pk if person else 0)
    context = {"form": form, "can_mail": mail.can_mail(), "asked": asked}
    status = 422 if request.method == "POST" and not asked else 200
    return render(request, "session/forgot.html", context, status=status)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def account(request: HttpRequest) -> HttpResponse:
    person = actor(request)
    shown = {"username": person.username, "shown_name": person.first_name, "email": person.email}
    form = AccountForm(typed(request), initial=shown)
    if request.method == "POST" and form.is_valid():
        try:
            # A copy, so that a refused name is not shown as one's own on the page below.
            accounts.edit_account(User.objects.get(pk=person.pk), **form.cleaned_data)
        except ParamErrors as error:
            form.add_faults(error)
        else:
            messages.success(request, "Saved.")
            return redirect("speech:account")
    context = {
        "form": form,
        "password_form": ChangePasswordForm(),
        "kinds_form": NoticeKindsForm(person=person),
    }
    return render(request, "session/account.html", context, status=422 if form.errors else 200)


@never_cache
@sensitive_post_parameters()
@require_POST
def account_password(request: HttpRequest) -> HttpResponse:
    person = actor(request)
    form = ChangePasswordForm(request.POST, person=person)
    if form.is_valid():
        try:
            changed = accounts.change_password(
                User.objects.get(pk=person.pk),
                current=form.cleaned_data["current_password"],
                new=form.cleaned_data["new_password"],
            )
        except ParamErrors as error:
            form.add_faults(error)
        else:
            update_session_auth_hash(request, changed)
            messages.success(request, "Your password is changed. Other devices are signed out.")
            return redirect("speech:account")
    shown = {"username": person.username, "shown_name": person.first_name, "email": person.email}
    context = {
        "form": AccountForm(initial=shown),
        "password_form": form,
        "kinds_form": NoticeKindsForm(person=person),
    }
    return render(request, "session/account.html", context, status=422)


def safe_next(request: HttpRequest) -> str:
    """Where to go after signing in: a path of this studio, else the projects."""
    target = request.POST.get("next") or request.GET.get("next") or ""
    local = target.startswith("/") and url_has_allowed_host_and_scheme(target, allowed_hosts=None)
    return target if local else reverse("speech:projects")
