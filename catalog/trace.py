"""Trace codes: 12 digits, ten of them random and two that check them (ISO 7064 MOD 97-10). Plain functions, no tables.

The check finds every single wrong digit and every swap of two neighbours. Codes are never serial: what one can guess
from a stamp is worth nothing.
"""

import re
import secrets
from collections.abc import Callable

_TWELVE_DIGITS = re.compile(r"[0-9]{12}")
_RANDOM_DIGITS = 10


def check(code: str) -> bool:
    """Whether these are 12 ASCII digits with the right check digits."""
    return _TWELVE_DIGITS.fullmatch(code) is not None and int(code) % 97 == 1


def complete(number: int) -> str:
    """The code whose first ten digits are `number`; raises ValueError if it has more."""
    if not 0 <= number < 10**_RANDOM_DIGITS:
        raise ValueError("not ten digits")
    return f"{number:010d}{98 - number * 100 % 97:02d}"


def make(below: Callable[[int], int] = secrets.randbelow) -> str:
    """A new code. `below(n)` draws a number from 0 to n - 1."""
    return complete(below(10**_RANDOM_DIGITS))


def grouped(code: str) -> str:
    """As it is printed and said: 4839 2017 6504."""
    return " ".join(code[start : start + 4] for start in range(0, len(code), 4))


def slips(code: str) -> list[str]:
    """All right codes that become `code` by one misread digit or two swapped neighbours, in ascending order.

    Empty for what is not 12 digits, and for a code that is right itself.
    """
    if _TWELVE_DIGITS.fullmatch(code) is None:
        return []
    misread = {code[:i] + digit + code[i + 1 :] for i in range(len(code)) for digit in "0123456789"}
    swapped = {code[:i] + code[i + 1] + code[i] + code[i + 2 :] for i in range(len(code) - 1)}
    return sorted(near for near in misread | swapped if near != code and check(near))
