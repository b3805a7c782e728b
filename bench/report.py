"""Figures and how they are shown: a table for people, `build/bench.json` for programs."""

import dataclasses
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

_HEADS = ("measurement", "value", "unit", "floor", "ratio", "goal", "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One measured number. `floor` is what it is compared with in the same run, `ratio` the two.

    `ok` is None where there is no goal. `note` is printed only: the spread, and what limits it.
    """

    name: str
    value: float
    unit: str
    floor: float | None = None
    ratio: float | None = None
    goal: str = ""
    ok: bool | None = None
    note: str = ""


def at_least(name: str, value: float, unit: str, *, floor: float, goal: float, note: str) -> Figure:
    """A figure whose ratio to the floor has to be `goal` or more."""
    ratio = value / floor
    return Figure(
        name=name,
        value=value,
        unit=unit,
        floor=floor,
        ratio=ratio,
        goal=f"ratio >= {goal:g}",
        ok=ratio >= goal,
        note=note,
    )


def at_most(name: str, value: float, unit: str, *, floor: float, goal: float, note: str) -> Figure:
    """A figure whose ratio to the floor has to be `goal` or less."""
    ratio = value / floor
    return Figure(
        name=name,
        value=value,
        unit=unit,
        floor=floor,
        ratio=ratio,
        goal=f"ratio <= {goal:g}",
        ok=ratio <= goal,
        note=note,
    )


def spread(values: Sequence[float], digits: int = 2) -> str:
    """The median of repeated measurements, with the least and the greatest."""
    shown = (f"{each:.{digits}f}" for each in (median(values), min(values), max(values)))
    return "median {} ({} to {})".format(*shown)


def render_table(figures: Sequence[Figure]) -> str:
    """The table, and below it the note of each figure."""
    rows = [_HEADS, *(_cells(figure) for figure in figures)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEADS))]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]
    notes = [f"- {figure.name}: {figure.note}" for figure in figures if figure.note]
    return "\n".join([*lines, "", *notes])


def write_json(figures: Sequence[Figure], path: Path) -> None:
    """Writes the figures as a list of {name, value, unit, floor, ratio, goal, ok}."""
    kept = [name for name in (field.name for field in dataclasses.fields(Figure)) if name != "note"]
    listed = [{name: getattr(figure, name) for name in kept} for figure in figures]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(listed, indent=1) + "\n")


def _cells(figure: Figure) -> tuple[str, ...]:
    return (
        figure.name,
        _number(figure.value),
        figure.unit,
        _number(figure.floor),
        _number(figure.ratio),
        figure.goal,
        {True: "ok", False: "MISSED", None: ""}[figure.ok],
    )


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.4g}"
