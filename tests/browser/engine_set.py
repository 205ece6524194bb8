"""What the tour's pages of keys, sweeps and money show: code that a studio runs on itself."""

from __future__ import annotations

DOOR = """
from decimal import Decimal
from django.db import transaction
from django.utils import timezone
from speech.models import Job, Project, User, Voice
from speech.services.keys import make_key, revoke_key
from tests.factories import make_line, make_take, make_unlisted_voice
project = Project.objects.get(slug=given["slug"])
boss = User.objects.get(username=given["boss"])
old = make_key(boss, project=project, name="Trial, spring").key
revoke_key(boss, key=old)
make_key(boss, project=project, name="Preview in the CMS", engine="draft")
farm = make_key(
    boss, project=project, name="Localisation pipeline", budget=Decimal("10"), per_minute=300
).key
farm.last_used_at = timezone.now()
farm.save()
demo = Voice.objects.get(is_demo=True)
known = {name: getattr(demo, name) for name in
         ("clip", "clip_mp3", "sha256", "duration", "lufs", "pitch_hz", "measured", "state")}
take = make_take(make_line(project, "Read by a program."), engine="segmind")
for name in ("a8f2c1.mp3", "interview_take_3_final.mp3"):
    voice = make_unlisted_voice(project, name, arrived_by=farm, **known)
    take.voice = voice
take.save()
Job.objects.filter(pk=take.job_id).update(key=farm, amount=Decimal("6.42"), charged="yes")
for _ in range(2):
    with transaction.atomic():  # or the studio's driver would make it
        waits = make_take(take.line, state="queued", engine="segmind")
        Job.objects.filter(pk=waits.job_id).update(
            key=farm, amount=Decimal("4.20"), waits="key_budget"
        )
result = {"key": farm.pk, "unlisted": voice.pk}
"""

SWEEPS = """
from datetime import timedelta
from decimal import Decimal
from django.db import transaction
from django.utils import timezone
from speech.models import DriverLease, Job, Line, Project, Take
from speech.states import Cancel, JobState
from tests.factories import make_sweep
later = timezone.now() + timedelta(days=1)
DriverLease.objects.create(owner="of-the-tour", host="elsewhere", pid=1, until=later)
project = Project.objects.get(slug=given["slug"])
Project.objects.filter(pk=project.pk).update(budget=Decimal("0.26"))
one, two = Line.objects.filter(project=project).order_by("position")
axes = (("temperature", (0.5, 0.7, 0.9, 1.1)), ("top_p", (0.8, 0.9, 0.95)))
done = make_sweep(one, seeds=(4711, 90412, 1207), axes=axes)
Take.objects.filter(batch=done, temperature=1.1, top_p=0.8).update(state=JobState.FAILED)
with transaction.atomic():  # or the studio's driver would make them
    live = make_sweep(two, seeds=range(1, 9), state=JobState.QUEUED, engine="segmind")
    Job.objects.filter(take__batch=live).update(due_at=later, amount=Decimal("0.021"))
    takes = list(Take.objects.filter(batch=live).order_by("pk"))
    for take in takes[:3]:
        Job.objects.filter(take=take).update(
            state=JobState.RUNNING, owner="of-the-tour", request_id=f"tour-{take.pk}",
            accepted_at=timezone.now(),
        )
        Take.objects.filter(pk=take.pk).update(state=JobState.RUNNING)
    Job.objects.filter(take=takes[0]).update(cancel=Cancel.DISCARD)
    Job.objects.filter(take__in=takes[-4:]).update(waits="budget")
result = {"sweep": done.pk, "under_way": live.pk, "swept_line": two.get_absolute_url()}
"""

MONEY = """
from datetime import timedelta
from decimal import Decimal
from django.utils import timezone
from speech.models import Balance, EngineState, Line, Project, User
from speech.services.budgets import set_project_budget
from speech.services.takes import request_takes
from speech.states import Role
from tests.factories import add_member, make_take
boss = User.objects.get(username=given["boss"])
viewer = User.objects.get(username=given["viewer"])
line = Line.objects.get(pk=given["line"])
tight = line.project
people = [User.objects.create(username=name, first_name=name.title()) for name in ("ana", "ole")]
add_member(tight, viewer, Role.VIEWER)
for person in people:
    add_member(tight, person, Role.PRODUCER)
now = timezone.now()
for number in range(24):
    take = make_take(line, engine="segmind", cost=0.021 + number / 10000, archived_at=now,
                     created_by=[*people, boss][number % 3])
    moment = now - timedelta(days=number % 12)
    take.jobs.update(created_at=moment)
set_project_budget(boss, project=tight, budget=Decimal("0.60"))
EngineState.objects.get_or_create(key="segmind")
EngineState.objects.filter(key="segmind").update(
    credits=13.75, credits_at=now, failures=2, last_error_code="server_error", last_error_at=now,
    last_error="Segmind had a problem (HTTP 503). Nothing was charged.",
)
for ago, left in enumerate((13.75, 14.02, 15.11, 5.4, 6.08)):
    Balance.objects.update_or_create(
        engine="segmind", day=(now - timedelta(days=ago)).date(),
        defaults={"credits": left, "at": now},
    )
request_takes(boss, line=line, engine="segmind", count=6, seed=3)
"""
