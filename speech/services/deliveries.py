from __future__ import annotations

from datetime import timedelta

from django.db import transaction
from django.db.models import Max, Q
from django.utils import timezone

from speech.background import enqueue
from speech.errors import WrongState
from speech.models import Delivery, Project, User
from speech.queries.deliveries import being_made, outlook
from speech.services.events import log, touch
from speech.services.projects import deliveries_folder
from speech.states import DeliveryState

MAKE = "speech.tasks.make_delivery"
LONGEST = 1800
"""Seconds that making one may take; the queue ends it then, and it is begun anew."""
LEASE = timedelta(seconds=60)
"""Whoever makes a delivery and shows no sign of life for so long is taken for dead."""
FIRST_LOOK = timedelta(seconds=30)


@transaction.atomic
def ask_for_delivery(actor: User, *, project: Project) -> Delivery:
    """A ZIP of every approved take, made by a task. Its number is never given out again."""
    Project.objects.select_for_update().get(pk=project.pk)
    before = being_made(project)
    if before is not None:
        raise WrongState(
            f"Delivery {before.number} is still being made. Wait until it is done, then ask again."
        )
    found = outlook(project)
    if not found.ready:
        raise WrongState(
            "No line has an approved take, so there is nothing to deliver. Approve a take first."
        )
    last = project.deliveries.aggregate(last=Max("number"))["last"] or 0
    delivery = Delivery.objects.create(
        project=project,
        number=last + 1,
        asked_by=actor,
        total=len(found.ready),
        missing=[one.kept() for one in found.missing],
    )
    log(
        actor, "delivery asked for", project=project, target=f"delivery {delivery.pk}",
        number=delivery.number, lines=len(found.ready), of=found.total,
    )  # fmt: skip
    touch(project.pk)
    enqueue(MAKE, delivery.pk, timeout=LONGEST)
    return delivery


@transaction.atomic
def remove_delivery(actor: User, *, delivery: Delivery) -> Delivery:
    """Throw its file away. The entry stays, for it says what went out and under which hash."""
    delivery = Delivery.objects.select_for_update().get(pk=delivery.pk)
    if delivery.state in (DeliveryState.WAITING, DeliveryState.MAKING):
        raise WrongState("This delivery is still being made. Wait until it is done.")
    if delivery.removed_at is not None or not delivery.file:
        raise WrongState("The file of this delivery is gone already.")
    folder = str(delivery.file.name).rpartition("/")[0]
    delivery.file, delivery.removed_at, delivery.removed_by = "", timezone.now(), actor
    delivery.save(update_fields=["file", "removed_at", "removed_by"])
    log(
        actor, "delivery removed", project=delivery.project, target=f"delivery {delivery.pk}",
        number=delivery.number, sha256=delivery.sha256,
    )  # fmt: skip
    touch(delivery.project_id)
    enqueue("speech.tasks.remove_media", folder)
    return delivery


def folder_of(delivery: Delivery, *, attempt: int) -> str:
    """Where one attempt puts its file, so that two can never write into each other's."""
    return f"{deliveries_folder(delivery.project_id)}/{delivery.pk}-{attempt}"


def due() -> Q:
    """Deliveries that nobody works on."""
    return Q(state=DeliveryState.WAITING) | Q(
        state=DeliveryState.MAKING, beat_at__lt=timezone.now() - LEASE
    )


def wake_due_deliveries() -> int:
    """Task: ask again for deliveries whose wake-up was lost or whose worker died; how many."""
    settled = timezone.now() - FIRST_LOOK
    ids = Delivery.objects.filter(due(), created_at__lt=settled).values_list("pk", flat=True)
    for pk in (found := list(ids)):
        enqueue(MAKE, pk, timeout=LONGEST)
    return len(found)
