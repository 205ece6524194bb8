from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Figure:
    name: str
    value: float
    unit: str
    n: int
    """How many measurements it stands on."""
    target: float | None = None
    """At most this. None: shown for comparison only."""
    note: str = ""

    def row(self) -> str:
        """One line of the table."""
        verdict = ""
        if self.target is not None:
            verdict = f"≤ {self.target:g}  {'ok' if self.value <= self.target else 'OVER'}"
        line = f"{self.name:<26}{self.value:>10.3f} {self.unit:<9}{self.n:>5}  {verdict:<16}"
        return f"{line}{self.note}".rstrip()


def percentile(values: Sequence[float], share: float) -> float:
    """The value that `share` percent of `values` do not exceed (nearest rank)."""
    ordered = sorted(values)
    rank = -(-len(ordered) * share // 100)
    return ordered[max(0, int(rank) - 1)]
