from __future__ import annotations

from datetime import timedelta

import pytest
from django.db.models.functions import Now
from django.utils import timezone

from speech.jobs.lease import Lease, LeaseLost, any_alive, live_owners, lock_dead_owners
from speech.models import DriverLease

pytestmark = pytest.mark.django_db


def held(*, seconds: float = 10) -> Lease:
    lease = Lease(seconds=seconds)
    lease.acquire()
    return lease


def run_out(lease: Lease) -> None:
    DriverLease.objects.filter(owner=lease.owner).update(until=Now() - timedelta(seconds=1))


def test_it_is_alive_from_acquire_to_release() -> None:
    assert not any_alive()
    lease = held()
    assert live_owners() == [lease.owner]
    lease.release()
    assert not any_alive()
    assert not DriverLease.objects.exists()


def test_it_lives_on_when_renewed() -> None:
    lease = held(seconds=5)
    lease.seconds = 60
    lease.renew()
    until = DriverLease.objects.get(owner=lease.owner).until
    assert until > timezone.now() + timedelta(seconds=50)


def test_it_cannot_be_renewed_once_it_ran_out() -> None:
    lease = held()
    run_out(lease)
    assert live_owners() == []
    with pytest.raises(LeaseLost):
        lease.renew()


def test_it_cannot_be_renewed_after_its_release() -> None:
    lease = held()
    lease.release()
    with pytest.raises(LeaseLost):
        lease.renew()


def test_only_expired_owners_are_declared_dead() -> None:
    alive, expired = held(), held()
    run_out(expired)
    assert lock_dead_owners() == {expired.owner}
    alive.renew()
    with pytest.raises(LeaseLost):
        expired.renew()


def test_it_forgets_leases_that_ran_out_long_ago() -> None:
    old = held()
    DriverLease.objects.filter(owner=old.owner).update(until=Now() - timedelta(hours=2))
    lease = held()
    assert list(DriverLease.objects.values_list("owner", flat=True)) == [lease.owner]
