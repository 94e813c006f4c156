"""What was found: one line a figure, as a table for people and as JSON for machines."""

import json
import platform
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from statistics import median
from typing import Any

import click
import psutil


@dataclass(frozen=True, slots=True)
class Figure:
    """One line. ratio: measured by `against`; holds: whether it is within a limit, None where there is none."""

    name: str
    value: float
    unit: str
    spread: tuple[float, float] | None = None
    against: str = ""
    ratio: float | None = None
    holds: bool | None = None
    note: str = ""


def of_rounds(name: str, values: Sequence[float], unit: str, **more: Any) -> Figure:
    """The median of the rounds, and between what they lay."""
    return Figure(name, median(values), unit, (min(values), max(values)) if len(values) > 1 else None, **more)


def within(name: str, value: float, unit: str, most: float, note: str = "") -> Figure:
    """A figure that must not exceed a limit."""
    return Figure(name, value, unit, None, f"limit {_plain(most)} {unit}", value / most, value <= most, note)


def at_least(name: str, values: Sequence[float], unit: str, least: float, *, note: str = "", aim: float = 0) -> Figure:
    """The median of the rounds, which must not fall below a limit."""
    found = of_rounds(name, values, unit)
    wanted = f"at least {_plain(least)}" + (f", aim {_plain(aim)}" if aim else "")
    return replace(found, against=wanted, ratio=found.value / least, holds=found.value >= least, note=note)


def show(figures: Sequence[Figure]) -> None:
    """The table; what there is to add about a figure stands below it."""
    for one in figures:
        spread = "–".join(map(_plain, one.spread)) if one.spread else ""
        ratio = f"× {one.ratio:.2f}" if one.ratio is not None else ""
        sign = {True: "✔", False: "✘", None: ""}[one.holds]
        against = " ".join(filter(None, (one.against, ratio, sign)))
        click.echo(f"{one.name:<60} {_plain(one.value):>7} {one.unit:<10} {spread:<13} {against}".rstrip())
        if one.note:
            click.echo(click.style(f"      {one.note}", dim=True))


def write(path: Path, figures: Sequence[Figure], around: dict[str, Any]) -> None:
    kept = {**around, "figures": [asdict(one) for one in figures]}
    path.write_text(json.dumps(kept, indent=1, ensure_ascii=False, allow_nan=False) + "\n", encoding="utf-8")


def machine() -> dict[str, Any]:
    return {
        "cores": psutil.cpu_count(),
        "memory_gb": round(psutil.virtual_memory().total / 1e9, 1),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "load_before": psutil.getloadavg()[0],
    }


def _plain(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.2f}" if abs(value) < 10 else f"{value:.1f}"
