from __future__ import annotations

from collections.abc import Iterator

import pytest

from speech.audio.confined import ConfinedAudio


@pytest.fixture(scope="module")
def audio() -> Iterator[ConfinedAudio]:
    """A warm child that keeps the machine's network, so that only its own rules hold it back."""
    confined = ConfinedAudio(own_network=False)
    yield confined
    confined.close()
