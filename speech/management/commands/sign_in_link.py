from __future__ import annotations

import sys
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from speech.errors import StudioError
from speech.models import User
from speech.running.listening import address
from speech.services.links import issue_first_admin_link, issue_password_reset


class Command(BaseCommand):
    help = (
        "Prints a link that works once: for the first administrator, or with --user for a person"
        " who lost their password."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--user", help="user name of who gets a new password")
        parser.add_argument(
            "--if-needed", action="store_true", help="say nothing if there is an administrator"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        path = self._for_person(options["user"]) if options["user"] else issue_first_admin_link()
        if path is not None:
            base = settings.PUBLIC_URL or address(settings.HOST, settings.PORT)
            print(f"Sign in: {base}{path}", flush=True)
        elif not options["if_needed"]:
            names = User.objects.filter(is_superuser=True, is_active=True)
            known = ", ".join(names.values_list("username", flat=True))
            sys.exit(f"There is an administrator: {known}. For a new password: --user NAME")

    def _for_person(self, name: str) -> str:
        try:
            person = User.objects.get(username=name)
            return issue_password_reset(None, user=person).path
        except User.DoesNotExist as error:
            raise CommandError(f"Nobody is called {name!r}.") from error
        except StudioError as error:
            raise CommandError(error.sentence) from error
