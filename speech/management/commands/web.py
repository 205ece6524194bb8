from __future__ import annotations

import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from speech.running.listening import PortTaken
from speech.running.web import serve


class Command(BaseCommand):
    help = "Serves the pages; one process. `manage.py studio` starts and watches it."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--descriptor", type=int, help="an open listening socket to use")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            serve(options["descriptor"])
        except PortTaken as error:
            sys.exit(str(error))
