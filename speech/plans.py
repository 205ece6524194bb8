"""What a sweep asks for: seeds, and up to two knobs with chosen values. Pure.

Rule: a plan exists only if every take of it could be asked for; `check` lists all faults at once.
The same seeds are used for each combination of values, since only then does a row of the grid
show what a knob does. The first seed goes through all combinations before the second begins.
Reason: a sweep that is stopped half-way leaves whole grids. Price: no random search.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from types import MappingProxyType
from typing import Any

from speech import params
from speech.errors import Fault, ParamErrors
from speech.params import TUNING, Param

MOST_TAKES = 500
MOST_AXES = 2
KNOBS: Mapping[str, Param] = MappingProxyType({param.name: param for param in TUNING})


@dataclass(frozen=True, kw_only=True)
class Axis:
    """A knob, and the values that it takes on, clean and in the order that they were chosen."""

    name: str
    values: tuple[Any, ...]

    @property
    def param(self) -> Param:
        return KNOBS[self.name]


@dataclass(frozen=True, kw_only=True)
class SweepPlan:
    """Made by `check`, or read back by `from_json`."""

    seeds: tuple[int, ...]
    axes: tuple[Axis, ...]

    @property
    def count(self) -> int:
        """How many takes that makes."""
        return len(self.seeds) * math.prod(len(axis.values) for axis in self.axes)

    @property
    def phrase(self) -> str:
        """Such as "3 seeds × 4 values of temperature = 12 takes"."""
        factors = [_counted(len(self.seeds), "seed")]
        factors += [
            f"{_counted(len(axis.values), 'value')} of {axis.param.label.lower()}"
            for axis in self.axes
        ]
        return f"{' × '.join(factors)} = {_counted(self.count, 'take')}"

    def readings(self) -> Iterator[tuple[int, dict[str, Any]]]:
        """Seed and knobs of each take, in the order that they are made."""
        for seed in self.seeds:
            for values in product(*(axis.values for axis in self.axes)):
                yield (
                    seed,
                    {axis.name: value for axis, value in zip(self.axes, values, strict=True)},
                )

    def to_json(self) -> dict[str, Any]:
        axes = [{"name": axis.name, "values": list(axis.values)} for axis in self.axes]
        return {"seeds": list(self.seeds), "axes": axes}


def from_json(kept: Mapping[str, Any]) -> SweepPlan:
    """The plan that a batch keeps."""
    axes = (
        Axis(name=one["name"], values=tuple(KNOBS[one["name"]].parse(v) for v in one["values"]))
        for one in kept.get("axes", ())
    )
    return SweepPlan(seeds=tuple(kept.get("seeds", ())), axes=tuple(axes))


def check(
    *, seeds: Sequence[object], axes: Sequence[tuple[str, Sequence[object]]] = ()
) -> SweepPlan:
    """The plan of these seeds and knobs with their values, typed or not. Raises `ParamErrors` with
    every fault; the fields are `seeds`, and `knob_1` and `values_1` for the first axis."""
    faults: list[Fault] = []
    clean_seeds = tuple(_clean_seeds(seeds, faults))
    if len(axes) > MOST_AXES:
        faults.append(Fault(field="plan", sentence=f"A sweep goes over {MOST_AXES} knobs at most."))
    clean_axes: list[Axis] = []
    for number, (name, values) in enumerate(axes, start=1):
        if name not in KNOBS:
            sentence = f"“{name}” is no knob that a sweep can turn."
            faults.append(Fault(field=f"knob_{number}", sentence=sentence))
            continue
        if any(axis.name == name for axis in clean_axes):
            sentence = f"{KNOBS[name].label} is chosen twice: choose another knob, or none."
            faults.append(Fault(field=f"knob_{number}", sentence=sentence))
            continue
        found = _clean_values(KNOBS[name], values, f"values_{number}", faults)
        clean_axes.append(Axis(name=name, values=tuple(found)))
    plan = SweepPlan(seeds=clean_seeds, axes=tuple(clean_axes))
    if not faults and plan.count > MOST_TAKES:
        sentence = (
            f"That would be {plan.count:,} takes; a sweep makes {MOST_TAKES} at most."
            " Take fewer seeds or fewer values."
        )
        faults.append(Fault(field="plan", sentence=sentence))
    if not faults and plan.count < 2:
        sentence = "One take is no sweep: ask for more seeds, or for values of a knob."
        faults.append(Fault(field="plan", sentence=sentence))
    if faults:
        raise ParamErrors(faults)
    return plan


def _clean_seeds(seeds: Sequence[object], faults: list[Fault]) -> list[int]:
    found: list[int] = []
    if not seeds:
        faults.append(Fault(field="seeds", sentence="At least one seed is needed."))
    for raw in seeds:
        try:
            seed = params.clean_seed(raw)
        except ParamErrors as error:
            faults += [Fault(field="seeds", sentence=one.sentence) for one in error.faults]
            continue
        if seed == 0:
            sentence = "Seed 0 means a fresh one: leave the seeds empty to have them drawn."
            faults.append(Fault(field="seeds", sentence=sentence))
        elif seed in found:
            faults.append(Fault(field="seeds", sentence=f"Seed {seed} is there twice."))
        found.append(seed)
    return found


def _clean_values(
    param: Param, values: Sequence[object], field: str, faults: list[Fault]
) -> list[Any]:
    found: list[Any] = []
    if not values:
        sentence = f"Type the values that {param.label.lower()} should take on."
        faults.append(Fault(field=field, sentence=sentence))
    for raw in values:
        try:
            value = param.parse(raw)
        except ValueError as error:
            faults.append(Fault(field=field, sentence=str(error)))
            continue
        if value in found:
            faults.append(Fault(field=field, sentence=f"{param.label} {raw} is there twice."))
        found.append(value)
    return found


def _counted(count: int, word: str) -> str:
    return f"{count:,} {word}" + ("" if count == 1 else "s")
