from __future__ import annotations

import sys
from typing import Any

from django.core.management.base import BaseCommand

from speech.queries import health

SETTLED = 3600.0
"""This process has no uptime of its own to excuse old work with."""


class Command(BaseCommand):
    help = "Says what is wrong, for health checks of containers without a web process."
    requires_system_checks: list[str] = []  # noqa: RUF012 - Django's own declaration

    def handle(self, *args: Any, **options: Any) -> None:
        problems = health.snapshot().problems(up=SETTLED)
        for problem in problems:
            print(problem)
        sys.exit(1 if problems else 0)
