"""Trace codes, invitations and order codes, as people type them."""

import re
from dataclasses import dataclass

LENGTH = 12
_RUN = re.compile(
    r"(?<![^\W_])(?P<run>[0-9OoIl](?:[ .\u2010-\u2015_-]{0,3}[0-9OoIl])*)(?![^\W_])",
)
_GROUPS = re.compile("[0-9OoIl]+")
_INVITED = re.compile(r"(?i)nsx[-_ ]?$")
_MONEY = re.compile(r"[0-9]{1,3}(?:\.[0-9]{3})+")
_PHONE = re.compile(r"84[35789][0-9]{8}|0[1-9][0-9]{8,9}|840[0-9]{9}")
_ORDER = re.compile(r"(?i)(?<![^\W_])[dđ]h-?([2-9ACDEFGHJKMNPQRTVWXY]{4})(?![^\W_])")
_DIGITS = str.maketrans({"o": "0", "O": "0", "l": "1", "I": "1"})
_BEFORE = 5  # how far back the word `nsx-` may begin


@dataclass(frozen=True, slots=True)
class _Run:
    """Digits with nothing but spaces, dots and dashes between them."""

    groups: tuple[str, ...]
    invitation: bool  # marked as one: nsx-

    @property
    def digits(self) -> str:
        return "".join(self.groups)


def find_trace_code(text: str) -> str | None:
    """The first 12 digits with right check digits (ISO 7064 MOD 97-10), in any spacing, in a stamp's link or a ref."""
    return next((code for run in _runs(text) if not run.invitation for code in _codes(run)), None)


def find_invitation(text: str) -> str | None:
    """12 digits with right check digits, as typed or as `nsx-<code>`. An invitation looks just like a trace code."""
    return next((code for run in _runs(text) for code in _codes(run)), None)


def looks_like_code(text: str) -> str | None:
    """11, 12 or 13 digits typed as a code that are none, so that we can say what is wrong with them.

    None if a right one is there too. Phones and sums of money are none.
    """
    if find_trace_code(text):
        return None
    for run in _runs(text):
        if run.invitation or not LENGTH - 1 <= len(run.digits) <= LENGTH + 1:
            continue
        sizes = {len(group) for group in run.groups}
        as_groups = len(run.groups) <= 4 and min(sizes) >= 3  # 4839 2017 6504, with a digit lost
        if (as_groups or sizes == {1}) and not _PHONE.fullmatch(run.digits):
            return run.digits
    return None


def find_order_code(text: str) -> str | None:
    """`DH` and four of the order alphabet, in capitals."""
    found = _ORDER.search(text)
    return f"DH{found.group(1).upper()}" if found else None


def valid(code: str) -> bool:
    """Whether the last two of twelve digits check the ten before them."""
    return len(code) == LENGTH and int(code) % 97 == 1


def _runs(text: str) -> list[_Run]:
    runs = []
    for found in _RUN.finditer(text):
        typed = found.group("run")
        groups = _GROUPS.findall(typed)
        while groups and not any(c.isdigit() for c in groups[0]):
            groups.pop(0)
        while groups and not any(c.isdigit() for c in groups[-1]):
            groups.pop()
        before = text[max(0, found.start() - _BEFORE) : found.start()]
        if groups and not _MONEY.fullmatch(typed):
            runs.append(_Run(tuple(g.translate(_DIGITS) for g in groups), bool(_INVITED.search(before))))
    return runs


def _codes(run: _Run) -> list[str]:
    """The run itself, or a group of 12 or three groups of 4 in it, where the check digits are right."""
    found = [run.digits] if valid(run.digits) else []
    for i, group in enumerate(run.groups):
        four = run.groups[i : i + 3]
        if valid(group):
            found.append(group)
        elif [len(g) for g in four] == [4, 4, 4] and valid("".join(four)):
            found.append("".join(four))
    return found
