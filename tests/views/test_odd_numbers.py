"""What only looks like a number is no server error, wherever an address or a form asks for one."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from django.test import Client

from tests import factories

ODD = ["²", "٣", "9" * 30, "9" * 5000, "-1", "1e3"]


@pytest.mark.parametrize("odd", ODD)
def test_what_is_no_number_is_answered(client: Client, cast: SimpleNamespace, odd: str) -> None:
    client.force_login(cast.owner)
    line = factories.make_line(cast.project)
    factories.make_take(line)
    home, here = cast.project.get_absolute_url(), line.get_absolute_url()
    cast.project.version = 7
    cast.project.save()
    asked = [
        client.post("/notices/read/", {"up_to": odd}),
        client.post(f"{home}review/ask/", {"take": odd}),
        client.post(f"{home}settings/words/restore/?from={odd}"),
        client.get(f"{home}changes/", {"since": "1", "wait": "0", "view": "detail", "takes": odd}),
        client.post(f"{home}lines/add/", {"after": odd}),
        client.post(f"{here}move/", {"to": odd}),
        client.post(f"{here}edit/", {"text": "Other words.", "revision": odd}),
        client.post(
            f"{home}settings/policy/", {"policy": "named", "needed": "2", "approvers": odd}
        ),
        client.post(f"{here}generate/", {"again": odd}),
    ]
    assert all(answer.status_code < 500 for answer in asked)
    assert all(answer.status_code != 404 for answer in asked[:7])
