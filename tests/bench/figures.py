from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tests.bench.speed import in_units


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
    cpu: float | None = None
    """Seconds of CPU that it tells of; they are shown in units of speed as well."""
    most_units: float | None = None
    """At most so many of them."""

    def row(self) -> str:
        """One line of the table."""
        verdict = ""
        if self.target is not None:
            verdict = f"≤ {self.target:g}  {'ok' if self.value <= self.target else 'OVER'}"
        line = f"{self.name:<33}{self.value:>10.3f} {self.unit:<9}{self.n:>5}  {verdict:<16}"
        return f"{line}{self.note}".rstrip()

    def with_units(self) -> Iterator[Figure]:
        """This figure, and where it tells of CPU the same in units of speed."""
        yield self
        if self.cpu is not None:
            yield Figure(
                name=f"{self.name}_units", value=in_units(self.cpu), unit="units", n=self.n,
                target=self.most_units,
            )  # fmt: skip


def percentile(values: Sequence[float], share: float) -> float:
    """The value that `share` percent of `values` do not exceed (nearest rank)."""
    ordered = sorted(values)
    rank = -(-len(ordered) * share // 100)
    return ordered[max(0, int(rank) - 1)]
