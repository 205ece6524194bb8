from __future__ import annotations

import sys
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from speech.running import cluster


class Command(BaseCommand):
    help = "Works on one queue until stopped. `manage.py studio` starts and watches both."
    # The web process checks; a worker needs no URLs, and starts in half the time without them.
    requires_system_checks: list[str] = []  # noqa: RUF012 - Django's own declaration

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("cluster", choices=cluster.CLUSTERS)

    def handle(self, *args: Any, **options: Any) -> None:
        cluster.ensure_environment(options["cluster"], manage=settings.BASE_DIR / "manage.py")
        sys.exit(cluster.run())
