"""Jobs learn whose they are and what they count for: the account behind budgets and turns."""

from decimal import Decimal
from typing import Any

from django.db import migrations

PRICES = {"segmind": Decimal("0.021")}
HELD = {"queued", "claimed", "submitting", "running", "downloading", "measuring", "unknown"}


def fill(apps: Any, schema_editor: Any) -> None:
    Job = apps.get_model("speech", "Job")
    jobs = Job.objects.select_related("take").order_by("pk")
    for job in jobs.iterator(chunk_size=1000):
        take, price = job.take, PRICES.get(job.engine, Decimal(0))
        job.project_id, job.asked_by_id = take.project_id, take.created_by_id
        job.flow = f"{take.project_id}:{take.created_by_id or 0}"
        if job.charged == "yes" and take.job_id == job.pk and take.cost is not None:
            job.amount = Decimal(str(round(take.cost, 6)))
        elif job.charged in {"yes", "maybe"} or job.state in HELD:
            job.amount = price
        if job.state == "done":
            job.error = job.error_code = ""  # of a try that came before the one that succeeded
        job.save(
            update_fields=["project", "asked_by", "flow", "amount", "error", "error_code"]
        )


class Migration(migrations.Migration):
    dependencies = [("speech", "0006_engine_room")]

    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
