from __future__ import annotations

import os
import sys
from typing import Any

from django.conf import settings
from django.core.management import get_commands
from django.core.management.base import BaseCommand, CommandParser

from speech.running import alone, cluster
from speech.running.child import Spec
from speech.running.listening import PortTaken, address, listen
from speech.running.supervisor import Plan, Supervisor


class Command(BaseCommand):
    help = "Runs the studio: prepares it, then starts and watches the web process and the workers."
    requires_system_checks: list[str] = []  # noqa: RUF012 - Django's own declaration

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--only", choices=("web", "workers"), help="run one half of it")
        parser.add_argument("--dev", action="store_true", help="start anew when source changes")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            sys.exit(self._run(only=options["only"], dev=options["dev"]))
        except (PortTaken, alone.AlreadyRunning) as error:
            sys.exit(str(error))

    def _run(self, *, only: str | None, dev: bool) -> int:
        web, workers = only != "workers", only != "web"
        if workers and not settings.DATABASE_URL:
            alone.hold(settings.DATA_DIR / "studio.lock")
        children: list[Spec] = []
        probe = base = ""
        if web:
            listener = listen(settings.HOST, settings.PORT)
            port = listener.getsockname()[1]
            os.environ["PORT"] = str(port)  # links printed by children name the real one
            probe = address(settings.HOST, port) + "/healthz"
            base = settings.PUBLIC_URL or address(settings.HOST, port)
            children.append(
                Spec(
                    name="web",
                    arguments=("web", "--descriptor", str(listener.fileno())),
                    descriptors=(listener.fileno(),),
                )
            )
        if workers:
            children += [
                Spec(name=name, arguments=("worker", name), environment=cluster.environment(name))
                for name in cluster.CLUSTERS
            ]
        plan = Plan(
            manage=settings.BASE_DIR / "manage.py",
            prepare=Spec(
                name="prepare",
                arguments=("prepare", *(() if web else ("--wait", "--no-static"))),
            ),
            children=children,
            errands=self._first_start() if web else (),
            probe=probe,
            ready=f"Takeroom is ready: {base}/",
            watch_progress=workers,
        )
        supervisor = Supervisor(plan, say=self._say)
        if dev:
            # Imported here: only development needs it, and it is slow to load.
            from speech.running.reload import watch_source  # noqa: PLC0415

            folders = [settings.BASE_DIR / name for name in ("config", "speech")]
            watch_source(folders, supervisor.restart_all)
        return supervisor.run()

    def _first_start(self) -> list[Spec]:
        seed = Spec(name="The demo project", arguments=("seed_demo",))
        link = Spec(name="The sign-in link", arguments=("sign_in_link", "--if-needed"))
        return [seed, link] if "seed_demo" in get_commands() else [link]

    def _say(self, sentence: str) -> None:
        print(sentence, flush=True)
