"""django-q2 entry points: ids only, thin, safe to run twice."""

from __future__ import annotations

import os

from django.utils import timezone

from speech.background import wake_driver
from speech.exporting import delivery
from speech.jobs import checks, clips, driver, lease, pruning
from speech.models import Heartbeat, Job
from speech.services import deliveries, letters, links
from speech.services.projects import remove_folder


def run_driver() -> None:
    driver.run_slice()


def rewake_driver() -> None:
    """The safety net: due work and no driver alive means that a wake-up was lost."""
    Heartbeat.objects.update_or_create(
        name="default", defaults={"at": timezone.now(), "pid": os.getpid()}
    )
    if Job.objects.actionable().exists() and not lease.any_alive():
        wake_driver()


def check_voice(voice_id: int) -> None:
    clips.check_voice(voice_id)


def wake_clips() -> None:
    clips.wake_due_clips()


def check_engine(key: str) -> None:
    checks.check_engine(key)


def look_at_paused_engines() -> None:
    checks.look_at_paused_engines()


def make_delivery(delivery_id: int) -> None:
    delivery.make(delivery_id)


def wake_deliveries() -> None:
    deliveries.wake_due_deliveries()


def remove_media(folder: str) -> None:
    remove_folder(folder)


def mail_notice(notice_id: int) -> None:
    letters.send_letter(notice_id)


def mail_waiting_notices() -> None:
    letters.send_waiting()


def mail_password_reset(user_id: int) -> None:
    links.mail_password_reset(user_id)


def prune() -> None:
    pruning.prune()
