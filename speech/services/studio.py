"""What administrators decide for the whole studio: who may do what in it, and what it may cost.

Rule: a right that counts outside a project is named by an administrator on a person, and derives
from nothing else. Reason: whoever may create projects owns them, and with a project they can
spend; so that right must not be had by creating one. Price: two switches for each person.
"""

from __future__ import annotations

from decimal import Decimal

from django.db import transaction
from django.utils import timezone

from speech.models import StudioSettings, User
from speech.services.budgets import refuse_odd, said
from speech.services.events import log


@transaction.atomic
def set_person_rights(
    actor: User, *, person: User, may_create_projects: bool, keeps_voices: bool
) -> User:
    """Nothing that they made is touched: projects stay theirs, and so do the voices they added."""
    person = User.objects.select_for_update().get(pk=person.pk)
    target = f"person {person.pk}"
    if person.may_create_projects != may_create_projects:
        given = may_create_projects
        verb = "right to create projects given" if given else "right to create projects taken"
        log(actor, verb, target=target)
    if person.keeps_voices != keeps_voices:
        log(actor, "voice keeper added" if keeps_voices else "voice keeper removed", target=target)
    person.may_create_projects, person.keeps_voices = may_create_projects, keeps_voices
    person.save(update_fields=["may_create_projects", "keeps_voices"])
    return person


@transaction.atomic
def set_limits(
    actor: User, *, default_budget: Decimal | None, monthly_limit: Decimal | None
) -> StudioSettings:
    """None for no limit. Projects that there are keep their budgets."""
    refuse_odd(default_budget)
    refuse_odd(monthly_limit)
    studio = StudioSettings.lock()
    if studio.default_budget != default_budget:
        old, new = said(studio.default_budget), said(default_budget)
        log(actor, "default budget changed", old=old, new=new)
    if studio.monthly_limit != monthly_limit:
        old, new = said(studio.monthly_limit), said(monthly_limit)
        log(actor, "monthly limit changed", old=old, new=new)
    studio.default_budget, studio.monthly_limit = default_budget, monthly_limit
    studio.limits_decided_at = timezone.now()
    studio.save(update_fields=["default_budget", "monthly_limit", "limits_decided_at"])
    return studio


@transaction.atomic
def acknowledge_rights(actor: User) -> None:
    """An administrator has seen what the upgrade brought: no page announces it any more."""
    studio = StudioSettings.lock()
    if studio.announces_rights:
        studio.announces_rights = False
        studio.save(update_fields=["announces_rights"])
        log(actor, "new rights acknowledged")
