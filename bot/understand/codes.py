"""Trace codes, invitations and order codes, as people type them."""

import re
from dataclasses import dataclass

from bot.understand.text import letters, plain_letters

LENGTH = 12
_RUN = re.compile(r"(?<![^\W_])(?P<run>[0-9OoIl](?:[ ./_-]{0,3}[0-9OoIl])*)(?![^\W_])")
_FOURS = re.compile(r"(?<![^\W_])([0-9OoIl]{4})[^\w\n]{1,4}([0-9OoIl]{4})[^\w\n]{1,4}([0-9OoIl]{4})(?![^\W_])")
_LEAST_DIGITS = 7  # of twelve signs; the others may be o and l
_GROUPS = re.compile("[0-9OoIl]+")
_INVITED = re.compile(r"(?i)nsx[-_ ]?$")
_MONEY = re.compile(r"[0-9]{1,3}(?:\.[0-9]{3})+")
_PHONE = re.compile(r"84[35789][0-9]{8}|0[1-9][0-9]{8,9}|840[0-9]{9}")
_ORDER = re.compile(r"(?i)(?<![^\W_])[dđ]h-?([2-9ACDEFGHJKMNPQRTVWXY]{4})(?![^\W_])")
_DIGITS = str.maketrans({"o": "0", "O": "0", "l": "1", "I": "1"})
_BEFORE = 5  # how far back the word `nsx-` may begin
_WORDS = {"khong": 0, "linh": 0, "mot": 1, "hai": 2, "ba": 3, "bon": 4, "tu": 4, "nam": 5, "lam": 5, "sau": 6, "bay": 7,
          "tam": 8, "chin": 9}  # fmt: skip
_ANY_WORD = "|".join(sorted(_WORDS, key=len, reverse=True))
_SPOKEN = re.compile(rf"(?<![a-z0-9])(?:(?:{_ANY_WORD}|[0-9])[ ,.-]{{0,3}}){{11,13}}(?![a-z0-9])")
_SPOKEN_DIGIT = re.compile(rf"{_ANY_WORD}|[0-9]")
_LEAST_WORDS = 6  # of the digits; fewer are no code that somebody reads out
# Twelve digits after these are somebody's papers, and none of ours.
_PAPERS = re.compile(r"(?:cccd|cmnd|can cuoc|chung minh|ho chieu|ma so thue|mst|tai khoan|stk)[^0-9]{0,25}$")
_SIZES = ({1}, {2}, {3}, {4}, {6})


@dataclass(frozen=True, slots=True)
class _Run:
    """Digits that may be a code, in groups as typed; of one that was read out in fours."""

    groups: tuple[str, ...]
    invitation: bool  # marked as one: nsx-
    start: int
    end: int
    papers: bool = False  # of a citizen or an account, as she says herself

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

    None if a right one is there too. Phones, sums of money and the numbers of somebody's papers are none.
    """
    near = _near(text)
    return near.digits if near else None


def odd_group(text: str) -> int | None:
    """Which of the three groups (0, 1, 2) of a code with a digit too many or too few has not four; None if unclear."""
    near = _near(text)
    sizes = [len(group) for group in near.groups] if near else []
    odd = [i for i, size in enumerate(sizes) if size != 4]
    return odd[0] if len(sizes) == 3 and len(odd) == 1 else None


def code_spans(text: str) -> list[tuple[int, int]]:
    """Where codes stand, right ones and those with a slip: these digits are no amounts."""
    spans = [(run.start, run.end) for run in _runs(text) if _codes(run)]
    near = _near(text)
    return [*spans, (near.start, near.end)] if near else spans


def find_order_code(text: str) -> str | None:
    """`DH` and four of the order alphabet, in capitals."""
    found = _ORDER.search(text)
    return f"DH{found.group(1).upper()}" if found else None


def valid(code: str) -> bool:
    """Whether the last two of twelve digits check the ten before them."""
    return len(code) == LENGTH and int(code) % 97 == 1


def _near(text: str) -> _Run | None:
    runs = _runs(text)
    if any(not run.invitation and _codes(run) for run in runs):
        return None
    for run in runs:
        if run.invitation or run.papers or not LENGTH - 1 <= len(run.digits) <= LENGTH + 1:
            continue
        sizes = {len(group) for group in run.groups}
        as_groups = len(run.groups) <= 4 and min(sizes) >= 3  # 4839 2017 6504, with a digit lost
        if (as_groups or sizes in _SIZES) and not _PHONE.fullmatch(run.digits):
            return run
    return None


def _runs(text: str) -> list[_Run]:
    text = letters(text)
    runs = []
    for found in _RUN.finditer(text):
        typed = found.group("run")
        groups = _GROUPS.findall(typed)
        while groups and not any(c.isdigit() for c in groups[0]):
            groups.pop(0)
        while groups and not any(c.isdigit() for c in groups[-1]):
            groups.pop()
        if not groups or sum(map(len, groups)) < LENGTH - 1 or (_MONEY.fullmatch(typed) and not valid("".join(groups))):
            continue
        before = text[: found.start()]
        papers = _PAPERS.search(plain_letters(before[-60:])) is not None
        digits = tuple(g.translate(_DIGITS) for g in groups)
        runs.append(_Run(digits, bool(_INVITED.search(before[-_BEFORE:])), found.start(), found.end(), papers))
    return runs + _of_fours(text, runs) + _spoken(text)


def _of_fours(text: str, runs: list[_Run]) -> list[_Run]:
    """Three groups of four with any signs between and around them: `(6504) 2218, 0937`."""
    found = [m for m in _FOURS.finditer(text) if not any(run.start <= m.start() < run.end for run in runs)]
    return [
        _Run(tuple(g.translate(_DIGITS) for g in m.groups()), False, *m.span())
        for m in found
        if sum(c.isdigit() for c in m.group()) >= _LEAST_DIGITS
        and not _PAPERS.search(plain_letters(text[: m.start()][-60:]))
    ]


def _spoken(text: str) -> list[_Run]:
    """`bốn tám ba chín hai không một bảy …`: as somebody reads it out to her phone."""
    if len(text) < 30:
        return []
    runs = []
    for found in _SPOKEN.finditer(plain_letters(text)):
        said = _SPOKEN_DIGIT.findall(found.group())
        if sum(word in _WORDS for word in said) >= _LEAST_WORDS:
            digits = "".join(str(_WORDS.get(word, word)) for word in said)
            groups = tuple(digits[i : i + 4] for i in range(0, len(digits), 4))
            runs.append(_Run(groups, False, *found.span()))
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
