"""Why a stamp does not fit on a label, in numbers, and what helps."""

import math

from handlers.papers.arrangement import insets, modules, sides_needed
from handlers.papers.geometry import Geometry
from handlers.papers.symbol import CAPACITY, QUIET, level_of, side_of, version_for

LEAST_DIGITS = 3.05
"""Height of the code's digits: 3 mm, and what rounding to dots may take."""
SCRATCH_FIELD = (20.0, 6.0)
"""What a scratch sticker covers."""
_AROUND_THE_HOST = len("https://") + len("/t/") + 12


class DoesNotFit(ValueError):
    """One sentence: what does not fit, in numbers, and what helps."""


def check_symbol(length: int, geometry: Geometry, damp: bool) -> None:
    """Raises DoesNotFit where the label cannot hold the QR code of an address of so many characters."""
    version, module = version_for(length, damp), modules(geometry)[-1]
    if version is None:
        raise DoesNotFit(
            f"the address has {length} characters, and a QR code on a stamp holds {CAPACITY[level_of(damp)][-1]}; "
            f"a shorter host name fits"
        )
    needed = sides_needed(version, module, geometry)
    short = next((way for way in (1, 0) if needed[way] > geometry.label[way] + 1e-6), None)
    if short is None:
        return
    count = side_of(version) + 2 * QUIET
    edges = needed[short] - side_of(version) * module - 2 * QUIET * module
    edge = f" and {_up(edges):g} mm that no printer reaches" if edges > 0.05 else ""
    raise DoesNotFit(
        f"the address of {length} characters needs QR version {version}: {count} modules × {module:.3f} mm = "
        f"{_up(count * module):g} mm{edge}, the label has {geometry.label[short]:g} mm; "
        f"{_help(version, geometry, damp)}"
    )


def _help(version: int, geometry: Geometry, damp: bool) -> str:
    module = modules(geometry)[-1]
    for smaller in range(version - 1, 0, -1):
        host = CAPACITY[level_of(damp)][smaller - 1] - _AROUND_THE_HOST
        needed = sides_needed(smaller, module, geometry)
        if host >= len("a.vn") and all(need <= has for need, has in zip(needed, geometry.label, strict=True)):
            return f"a host name of at most {host} characters, or a larger label, fits"
    return "a larger label fits"


def no_room(version: int, geometry: Geometry, *, pin: bool, sample: bool) -> str:
    """The QR code itself fits, but not what has to stand with it."""
    module = modules(geometry)[-1]
    width, height = geometry.label
    side = _up((side_of(version) + 2 * QUIET) * module)
    if pin:
        wanted = f"the scratch field of {SCRATCH_FIELD[0]:g} × {SCRATCH_FIELD[1]:g} mm for the PIN"
    elif sample:
        wanted = "the words that mark it as a sample"
    else:
        wanted = f"the code in digits of {LEAST_DIGITS} mm"
    _, _, right, bottom = insets(geometry)
    return (
        f"a label of {width:g} × {height:g} mm has no room for {wanted}: the QR code takes {side:g} × {side:g} mm, "
        f"which leaves {max(0.0, width - side - right):.1f} mm beside it and {max(0.0, height - side - bottom):.1f} mm "
        f"under it; a larger label{', or stamps without a PIN,' if pin else ''} fits"
    )


def _up(length: float) -> float:
    """What is needed, to the tenth of a millimetre."""
    return math.ceil(length * 10 - 1e-6) / 10
