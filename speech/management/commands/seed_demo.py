from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from speech.jobs.demo import seed_demo


class Command(BaseCommand):
    help = "Fills a fresh studio with a demo project: a script, a voice, finished draft takes."

    def handle(self, *args: Any, **options: Any) -> None:
        project = seed_demo()
        self.stdout.write(
            f"Made the demo project “{project}”." if project else "There are projects already."
        )
