"""How much room takes, clips and deliveries take, for administrators. Sizes in bytes, as stored."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import Count, QuerySet, Sum

from speech.models import Delivery, Project, Take, Voice


@dataclass(frozen=True, kw_only=True)
class ProjectDisk:
    project: Project
    takes: int
    deliveries: int
    """Those whose file is still there."""
    bytes: int


@dataclass(frozen=True, kw_only=True)
class DiskUse:
    projects: tuple[ProjectDisk, ...]
    voices: int
    voice_bytes: int

    @property
    def total(self) -> int:
        return self.voice_bytes + sum(row.bytes for row in self.projects)


def disk_use() -> DiskUse:
    """Every project, the largest first, and the library of voices. Four queries."""
    takes = _sums(Take.objects.exclude(byte_count=None))
    made = _sums(Delivery.objects.exclude(file=""))
    found = [
        ProjectDisk(
            project=project,
            takes=takes.get(project.pk, (0, 0))[0],
            deliveries=made.get(project.pk, (0, 0))[0],
            bytes=takes.get(project.pk, (0, 0))[1] + made.get(project.pk, (0, 0))[1],
        )
        for project in Project.objects.filter(pk__in={*takes, *made}).order_by("name")
    ]
    sizes = [_clip_bytes(measured) for measured in _measured_clips()]
    return DiskUse(
        projects=tuple(sorted(found, key=lambda row: -row.bytes)),
        voices=len(sizes),
        voice_bytes=sum(sizes),
    )


def project_bytes(project: Project) -> int:
    """The size of all takes and deliveries of one project. Two queries."""
    made = project.deliveries.exclude(file="")
    sizes = (rows.aggregate(size=Sum("byte_count"))["size"] for rows in (project.takes.all(), made))
    return sum(size or 0 for size in sizes)


def _sums(rows: QuerySet[Any]) -> dict[int, tuple[int, int]]:
    """Project key → how many rows, and their bytes."""
    grouped = rows.order_by().values_list("project_id")
    return {
        project_id: (count, size or 0)
        for project_id, count, size in grouped.annotate(Count("id"), Sum("byte_count"))
    }


def _measured_clips() -> list[object]:
    return list(Voice.objects.exclude(clip="").values_list("measured", flat=True))


def _clip_bytes(measured: object) -> int:
    if not isinstance(measured, dict):
        return 0
    return int(measured.get("bytes") or 0) + int(measured.get("mp3_bytes") or 0)
