"""A stamp's code, as people type it."""

import re

_SPACES = re.compile(r"[\s.\-–_]")
_CODE = re.compile(r"[0-9]{12}", re.ASCII)
LONGEST = 40


def code_of(typed: str) -> str | None:
    """The 12 digits of a code written with any spaces, dots or dashes; None for anything else."""
    digits = _SPACES.sub("", typed[:LONGEST])
    return digits if _CODE.fullmatch(digits) else None
