"""From approved takes to a ZIP that somebody can take away."""

from __future__ import annotations

import csv
import hashlib
import io
import zipfile
from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.utils import timezone
from django_q.models import OrmQ

from speech import tasks
from speech.exporting import names, sheets
from speech.exporting.delivery import MOST_TRIES, Attempt, Lost
from speech.models import Delivery, Event, Heartbeat
from speech.queries import health
from speech.services.deliveries import LEASE, ask_for_delivery, wake_due_deliveries
from speech.services.lines import edit_line
from speech.services.projects import archive_project, delete_project
from speech.states import DeliveryState
from tests import factories
from tests.exporting.approved import approved_take

pytestmark = pytest.mark.django_db
DEAD = LEASE + timedelta(seconds=5)


def make(cast: SimpleNamespace) -> Delivery:
    delivery = ask_for_delivery(cast.owner, project=cast.project)
    tasks.make_delivery(delivery.pk)
    delivery.refresh_from_db()
    return delivery


def opened(delivery: Delivery) -> zipfile.ZipFile:
    with default_storage.open(str(delivery.file.name)) as file:
        return zipfile.ZipFile(io.BytesIO(file.read()))


def table(archive: zipfile.ZipFile, name: str) -> list[dict[str, str]]:
    (path,) = [one for one in archive.namelist() if one.endswith(name)]
    text = archive.read(path).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline="")))


def files() -> list[str]:
    root = settings.MEDIA_ROOT / "deliveries"
    return sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_file())


def test_every_approved_take_goes_out_with_its_papers(cast: SimpleNamespace) -> None:
    first = approved_take(cast, "Seven days on one charge. [chuckle]", temperature=1.1)
    factories.make_line(cast.project, "Nobody made this one.")
    third = approved_take(cast, "=Größer als je zuvor", seed_used=90412)
    delivery = make(cast)
    assert (delivery.state, delivery.done, delivery.total) == (DeliveryState.DONE, 2, 2)
    archive = opened(delivery)
    folder = f"{cast.project.slug}-delivery-01"
    assert archive.testzip() is None
    assert archive.namelist() == [
        f"{folder}/01-seven-days-on-one-charge.flac",
        f"{folder}/03-groer-als-je-zuvor.flac",
        f"{folder}/manifest.csv",
        f"{folder}/not-included.csv",
        f"{folder}/README.txt",
    ]
    for name, take in zip(archive.namelist(), (first, third), strict=False):
        assert hashlib.sha256(archive.read(name)).hexdigest() == take.sha256
    rows = table(archive, "manifest.csv")
    assert (
        rows[0]
        | {
            "number": "1",
            "file": "01-seven-days-on-one-charge.flac",
            "text": "Seven days on one charge. [chuckle]",
            "take": "1",
            "voice": "Amara",
            "temperature": "1.1",
            "engine": "Chatterbox Turbo (Segmind)",
            "duration s": "3.2",
            "loudness LUFS": "-20.1",
            "sha256": first.sha256,
            "approved by": "cy",
            "cost USD": "0.021",
        }
        == rows[0]
    )
    assert sheets.exact(rows[1]["text"]) == "=Größer als je zuvor"
    assert rows[1]["seed"] == "90412"
    assert table(archive, "not-included.csv") == [
        {
            "number": "2",
            "text": "Nobody made this one.",
            "why": "nobody has made a take of it yet",
        }
    ]
    readme = archive.read(f"{folder}/README.txt").decode()
    assert "2 of 3 lines are in it, 6.4 seconds of sound" in readme
    assert "synthetic" in readme
    assert "Line 2 is not included" in readme


def test_size_and_hash_are_those_of_the_stored_file(cast: SimpleNamespace) -> None:
    approved_take(cast, "Seven days.")
    delivery = make(cast)
    with default_storage.open(str(delivery.file.name)) as file:
        body = file.read()
    assert (hashlib.sha256(body).hexdigest(), len(body)) == (delivery.sha256, delivery.byte_count)
    assert Event.objects.filter(verb="delivery made", data__sha256=delivery.sha256).exists()
    assert not list(settings.WORK_DIR.iterdir())


def test_the_same_approvals_give_the_same_sounds_in_the_same_place(cast: SimpleNamespace) -> None:
    approved_take(cast, "Seven days.")
    first, second = opened(make(cast)), opened(make(cast))
    for one, other in zip(first.infolist()[:2], second.infolist()[:2], strict=True):
        assert one.filename.replace("-01/", "-02/") == other.filename
        assert (one.date_time, one.CRC, one.header_offset) == (
            other.date_time, other.CRC, other.header_offset,
        )  # fmt: skip


def test_a_sound_that_is_not_what_was_approved_stays_behind(cast: SimpleNamespace) -> None:
    approved_take(cast, "Good.")
    bent, lost = approved_take(cast, "Bent."), approved_take(cast, "Lost.")
    default_storage.delete(str(bent.audio.name))
    default_storage.save(str(bent.audio.name), ContentFile(b"something else"))
    default_storage.delete(str(lost.audio.name))
    delivery = make(cast)
    assert delivery.done == 1
    assert [(one["line"], one["why"]) for one in delivery.missing] == [
        (2, "the sound file of take 1 is not the one that was approved"),
        (3, "the sound file of take 1 is gone from the store"),
    ]
    assert len(table(opened(delivery), "manifest.csv")) == 1


def test_an_approval_that_falls_after_the_asking_stays_behind(cast: SimpleNamespace) -> None:
    approved_take(cast, "Good.")
    take = approved_take(cast, "Seven days.")
    delivery = ask_for_delivery(cast.owner, project=cast.project)
    edit_line(cast.producer, line=take.line, text="Eight days.")
    tasks.make_delivery(delivery.pk)
    delivery.refresh_from_db()
    assert delivery.done == 1
    assert delivery.missing[0]["why"].startswith("the approval of take 1 fell")


def test_when_nothing_is_left_it_fails_with_a_sentence(cast: SimpleNamespace) -> None:
    take = approved_take(cast, "Seven days.")
    delivery = ask_for_delivery(cast.owner, project=cast.project)
    default_storage.delete(str(take.audio.name))
    tasks.make_delivery(delivery.pk)
    delivery.refresh_from_db()
    assert delivery.state == DeliveryState.FAILED
    assert "Nothing could go in" in delivery.error
    assert len(delivery.missing) == 1
    assert not (settings.MEDIA_ROOT / "deliveries").exists() or not files()


# --- once, whatever happens ---


def test_a_doubled_message_makes_it_once(cast: SimpleNamespace) -> None:
    approved_take(cast, "Seven days.")
    delivery = make(cast)
    tasks.make_delivery(delivery.pk)
    tasks.make_delivery(delivery.pk + 1)
    assert len(files()) == 1
    assert Event.objects.filter(verb="delivery made").count() == 1


def _killed(delivery: Delivery, *, ago: timedelta, tries: int = 1) -> None:
    """As a worker that was killed leaves it: claimed, half a file, and no more beats."""
    then = timezone.now() - ago
    default_storage.save(
        f"deliveries/{delivery.project_id}/{delivery.pk}-{tries}/half.zip", ContentFile(b"PK")
    )
    (settings.WORK_DIR / f"delivery-{delivery.pk}-{tries}").mkdir()
    Delivery.objects.filter(pk=delivery.pk).update(
        state=DeliveryState.MAKING, tries=tries, started_at=then, beat_at=then, created_at=then
    )
    OrmQ.objects.all().delete()


def test_one_whose_worker_was_killed_is_begun_again(cast: SimpleNamespace) -> None:
    approved_take(cast, "Seven days.")
    delivery = ask_for_delivery(cast.owner, project=cast.project)
    _killed(delivery, ago=DEAD)
    assert wake_due_deliveries() == 1
    assert OrmQ.objects.count() == 1
    tasks.make_delivery(delivery.pk)
    delivery.refresh_from_db()
    assert (delivery.state, delivery.tries) == (DeliveryState.DONE, 2)
    assert files() == [f"{cast.project.pk}/{delivery.pk}-2/{cast.project.slug}-delivery-01.zip"], (
        "what the killed worker left is gone"
    )
    assert not list(settings.WORK_DIR.iterdir())


def test_one_that_is_being_made_is_left_alone(cast: SimpleNamespace) -> None:
    approved_take(cast, "Seven days.")
    delivery = ask_for_delivery(cast.owner, project=cast.project)
    _killed(delivery, ago=timedelta(seconds=5))
    assert wake_due_deliveries() == 0
    tasks.make_delivery(delivery.pk)
    delivery.refresh_from_db()
    assert (delivery.state, delivery.tries) == (DeliveryState.MAKING, 1)


def test_after_three_deaths_it_fails_and_says_what_to_look_at(cast: SimpleNamespace) -> None:
    approved_take(cast, "Seven days.")
    delivery = ask_for_delivery(cast.owner, project=cast.project)
    _killed(delivery, ago=DEAD, tries=MOST_TRIES)
    tasks.make_delivery(delivery.pk)
    delivery.refresh_from_db()
    assert delivery.state == DeliveryState.FAILED
    assert "begun three times" in delivery.error
    assert not files()
    assert ask_for_delivery(cast.owner, project=cast.project).number == 2


def test_a_lost_wake_up_is_made_up_for(cast: SimpleNamespace) -> None:
    approved_take(cast, "Seven days.")
    delivery = ask_for_delivery(cast.owner, project=cast.project)
    OrmQ.objects.all().delete()
    assert wake_due_deliveries() == 0, "not before its first minute"
    Delivery.objects.update(created_at=timezone.now() - timedelta(minutes=1))
    assert wake_due_deliveries() == 1
    assert delivery.tries == 0


def test_a_long_one_is_a_sign_of_life_of_the_queue(cast: SimpleNamespace) -> None:
    """With one worker, the watchdog would else restart it in the middle of a big delivery."""
    approved_take(cast, "Seven days.")
    delivery = ask_for_delivery(cast.owner, project=cast.project)
    Delivery.objects.update(state=DeliveryState.MAKING, tries=1)
    Heartbeat.objects.create(name=health.DEFAULT, at=timezone.now() - timedelta(hours=1), pid=1)
    assert health.snapshot().default_silent(up=3600)
    Attempt(delivery=delivery, number=1, last_beat=float("-inf")).beat(1)
    assert not health.snapshot().default_silent(up=3600)
    delivery.refresh_from_db()
    assert delivery.done == 1


def test_one_that_was_taken_over_notices_and_stops(cast: SimpleNamespace) -> None:
    approved_take(cast, "Seven days.")
    delivery = ask_for_delivery(cast.owner, project=cast.project)
    Delivery.objects.update(state=DeliveryState.MAKING, tries=2)
    with pytest.raises(Lost):
        Attempt(delivery=delivery, number=1, last_beat=float("-inf")).beat(1)


def test_deliveries_go_with_their_project(cast: SimpleNamespace) -> None:
    approved_take(cast, "Seven days.")
    make(cast)
    archive_project(cast.owner, project=cast.project)
    OrmQ.objects.all().delete()
    delete_project(cast.owner, project=cast.project)
    for message in OrmQ.objects.all():
        tasks.remove_media(*message.task["args"])
    assert not files()


# --- names ---


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Seven days on one charge.", "07-seven-days-on-one-charge.flac"),
        ("[laugh] Ha!", "07-ha.flac"),
        ("七日間", "07-line.flac"),
        ("../../etc/passwd", "07-etcpasswd.flac"),
        ("a" * 90, "07-" + "a" * 48 + ".flac"),
        ("word " * 30, "07-word-word-word-word-word-word-word-word-word.flac"),
    ],
)
def test_names_are_plain_and_short(text: str, name: str) -> None:
    assert names.sound_name(position=7, last=42, text=text) == name


def test_numbers_have_as_many_digits_as_the_last(cast: SimpleNamespace) -> None:
    assert names.sound_name(position=7, last=1200, text="x") == "0007-x.flac"


def test_open_pages_hear_of_it_when_it_is_done(cast: SimpleNamespace) -> None:
    approved_take(cast, "Seven days.")
    delivery = ask_for_delivery(cast.owner, project=cast.project)
    cast.project.refresh_from_db()
    before = cast.project.version
    tasks.make_delivery(delivery.pk)
    cast.project.refresh_from_db()
    assert cast.project.version > before
