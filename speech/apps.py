from __future__ import annotations

from django.apps import AppConfig
from django.core.checks import Tags, register
from django.db.models.signals import post_migrate, pre_migrate

from speech import checks, seal


class SpeechConfig(AppConfig):
    name = "speech"
    verbose_name = "Takeroom"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        register(checks.sqlite_is_new_enough, Tags.database)
        pre_migrate.connect(seal.before_migrations, sender=self)
        post_migrate.connect(seal.after_migrations, sender=self)
