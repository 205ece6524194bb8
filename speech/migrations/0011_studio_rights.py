"""Rights in the studio that no project gives: nobody who could work before is locked out."""

from typing import Any

from django.db import migrations, models
from django.db.models import F, Q

MAKERS = ("owner", "producer")


def keep_what_people_could(apps: Any, schema_editor: Any) -> None:
    """Whoever owns, made or produces a project may create the next one. Whoever was given such a
    role by somebody else keeps the library; those who took it by creating a project keep the
    voices that they added. Administrators are told, and look it over."""
    User = apps.get_model("speech", "User")
    Membership = apps.get_model("speech", "Membership")
    Project = apps.get_model("speech", "Project")
    makers = Membership.objects.filter(role__in=MAKERS)
    given = makers.filter(Q(project__created_by=None) | ~Q(project__created_by=F("user")))
    began = Project.objects.exclude(created_by=None).values("created_by")
    User.objects.filter(Q(pk__in=makers.values("user")) | Q(pk__in=began)).update(
        may_create_projects=True
    )
    User.objects.filter(pk__in=given.values("user")).update(keeps_voices=True)
    if User.objects.exists():
        Settings = apps.get_model("speech", "StudioSettings")
        Settings.objects.create(pk=1, announces_rights=True)


class Migration(migrations.Migration):
    dependencies = [
        ("speech", "0010_money_is_summed_in_indexes"),
    ]

    operations = [
        migrations.AddField(
            model_name="user",
            name="keeps_voices",
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name="user",
            name="may_create_projects",
            field=models.BooleanField(default=False),
        ),
        migrations.CreateModel(
            name="StudioSettings",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "default_budget",
                    models.DecimalField(blank=True, decimal_places=2, max_digits=10, null=True),
                ),
                (
                    "monthly_limit",
                    models.DecimalField(blank=True, decimal_places=2, max_digits=10, null=True),
                ),
                ("limits_decided_at", models.DateTimeField(blank=True, null=True)),
                ("announces_rights", models.BooleanField(default=False)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("pk", 1)), name="studio_settings_once"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("default_budget", None), ("default_budget__gte", 0), _connector="OR"
                        ),
                        name="studio_default_budget",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("monthly_limit", None), ("monthly_limit__gte", 0), _connector="OR"
                        ),
                        name="studio_monthly_limit",
                    ),
                ],
            },
        ),
        migrations.RunPython(keep_what_people_could, migrations.RunPython.noop),
    ]
