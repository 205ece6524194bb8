"""How a clause departs from the plain reading: three drawn steps, for pitch, rate and pause.

Each draw goes through the filters of Turbo's sampler in Turbo's order (`transformers` logits
warpers): temperature, top-k, top-p, min-p, repetition penalty. The candidates are 41 steps on a
normal curve, from -4 to 4; the middle one, no departure, is the likeliest.
"""

from __future__ import annotations

import math
import random
from dataclasses import dataclass

STEPS: tuple[float, ...] = tuple(round(index * 0.2 - 4, 1) for index in range(41))


@dataclass(frozen=True, kw_only=True)
class Tuning:
    """The five knobs; ranges as in `speech.params`."""

    temperature: float
    top_k: int
    top_p: float
    min_p: float
    repetition_penalty: float


@dataclass(frozen=True, kw_only=True)
class Prosody:
    """Departures of one clause, in steps; 0 is the plain reading."""

    pitch: float
    rate: float
    pause: float


class Sampler:
    """Draws one `Prosody` after the other; the same seed and tuning give the same row."""

    def __init__(self, *, seed: int, tuning: Tuning) -> None:
        # A row for each quantity: what one draws never shifts another.
        self._rows = {name: _Row(f"{seed}/{name}", tuning) for name in ("pitch", "rate", "pause")}

    def draw(self) -> Prosody:
        rows = self._rows
        return Prosody(
            pitch=rows["pitch"].draw(), rate=rows["rate"].draw(), pause=rows["pause"].draw()
        )


class _Row:
    def __init__(self, seed: str, tuning: Tuning) -> None:
        self._random = random.Random(seed)  # noqa: S311 - repeatable on purpose
        self._tuning = tuning
        self._used: set[int] = set()

    def draw(self) -> float:
        weights = candidates(self._tuning, used=frozenset(self._used))
        point = self._random.random()
        reached = 0.0
        chosen = max(range(len(weights)), key=weights.__getitem__)
        for index, weight in enumerate(weights):
            reached += weight
            if weight and point < reached:
                chosen = index
                break
        self._used.add(chosen)
        return STEPS[chosen]


def candidates(tuning: Tuning, *, used: frozenset[int] = frozenset()) -> list[float]:
    """The probability of each of `STEPS`, after all filters. `used`: indices drawn before."""
    scores = [-(step**2) / 2 / max(tuning.temperature, 0.01) for step in STEPS]
    # Likeliest first; equals in a fixed order, so that ties cannot differ between runs.
    order = sorted(range(len(scores)), key=lambda index: (-scores[index], index))
    kept = order[: tuning.top_k] if tuning.top_k > 0 else order
    kept = _top_p(kept, scores, tuning.top_p)
    chances = _softmax({index: scores[index] for index in kept})
    floor = tuning.min_p * max(chances.values())
    chances = {index: chance for index, chance in chances.items() if chance >= floor}
    # The penalty multiplies log-probabilities: all are negative, so a used step gets less likely.
    logs = {
        index: math.log(max(chance, 1e-300)) * (tuning.repetition_penalty if index in used else 1)
        for index, chance in chances.items()
    }
    final = _softmax(logs)
    return [final.get(index, 0.0) for index in range(len(STEPS))]


def _top_p(kept: list[int], scores: list[float], top_p: float) -> list[int]:
    """The fewest of the likeliest that reach `top_p` together; always at least one."""
    chances = _softmax({index: scores[index] for index in kept})
    reached = 0.0
    for count, index in enumerate(kept, start=1):
        reached += chances[index]
        if reached >= top_p:
            return kept[:count]
    return kept


def _softmax(scores: dict[int, float]) -> dict[int, float]:
    top = max(scores.values())
    raised = {index: math.exp(score - top) for index, score in scores.items()}
    total = sum(raised.values())
    return {index: value / total for index, value in raised.items()}
