from __future__ import annotations

import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db import OperationalError

from speech.running import family
from speech.running.prepare import NOBODY_YET, collect, nobody_can_sign_in, prepare


class Command(BaseCommand):
    help = (
        "Makes ready: tables, schedules, static files."
        f" Exits with {NOBODY_YET} when all is ready and no administrator exists yet."
    )
    requires_system_checks: list[str] = []  # noqa: RUF012 - Django's own declaration

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--wait", action="store_true", help="wait for the tables instead of making them"
        )
        parser.add_argument(
            "--only-static", action="store_true", help="only collect them; needs no database"
        )
        parser.add_argument("--no-static", action="store_true", help="leave static files alone")

    def handle(self, *args: Any, **options: Any) -> None:
        family.end_with_parent()
        if options["only_static"]:
            collect(say=self._say)
            return
        try:
            prepare(migrate=not options["wait"], static=not options["no_static"], say=self._say)
            if nobody_can_sign_in():
                sys.exit(NOBODY_YET)
        except OperationalError as error:
            sys.exit(f"The database does not answer: {error}")

    def _say(self, sentence: str) -> None:
        print(sentence, flush=True)
