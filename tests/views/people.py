from __future__ import annotations

from django.test import Client

from speech.models import User


def signed_in(person: User) -> Client:
    """A browser of theirs."""
    client = Client()
    client.force_login(person)
    return client
