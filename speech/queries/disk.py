"""How much room takes and clips take, for administrators. Bytes, as they were when stored."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Count, Sum

from speech.models import Project, Take, Voice


@dataclass(frozen=True, kw_only=True)
class ProjectDisk:
    project: Project
    takes: int
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
    """Every project, the largest first, and the library of voices. Three queries."""
    rows = Take.objects.exclude(byte_count=None).values_list("project_id")
    sums = {
        project_id: (count, size)
        for project_id, count, size in rows.annotate(Count("id"), Sum("byte_count")).order_by()
    }
    found = [
        ProjectDisk(project=project, takes=sums[project.pk][0], bytes=sums[project.pk][1])
        for project in Project.objects.filter(pk__in=sums).order_by("name")
    ]
    sizes = [_clip_bytes(measured) for measured in _measured_clips()]
    return DiskUse(
        projects=tuple(sorted(found, key=lambda row: -row.bytes)),
        voices=len(sizes),
        voice_bytes=sum(sizes),
    )


def project_bytes(project: Project) -> int:
    """The size of all takes of one project."""
    found: int | None = project.takes.aggregate(size=Sum("byte_count"))["size"]
    return found or 0


def _measured_clips() -> list[object]:
    return list(Voice.objects.exclude(clip="").values_list("measured", flat=True))


def _clip_bytes(measured: object) -> int:
    if not isinstance(measured, dict):
        return 0
    return int(measured.get("bytes") or 0) + int(measured.get("mp3_bytes") or 0)
