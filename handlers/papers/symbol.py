"""QR symbols of many addresses that differ in their digits, made a hundred times faster than one by one.

A symbol is linear: which modules change when one bit of the address changes does not depend on the other bits, error
correction and all. So segno draws each bit of each digit once; after that, a symbol is twelve sums of whole matrices,
and the best of the eight masks is found by the penalties of ISO/IEC 18004, 7.8.3 on whole matrices, too. A matrix is
one integer: four light modules, then row by row, each followed by four light modules.
"""

import re
from dataclasses import dataclass
from functools import cache, lru_cache

import segno

QUIET = 4
"""Modules that stay white on each side of a symbol."""
CAPACITY = {
    "M": (14, 26, 42, 62, 84, 106, 122, 152, 180, 213),
    "Q": (11, 20, 32, 46, 60, 74, 86, 108, 130, 151),
}
"""Bytes that versions 1, 2, … 10 hold, by level of error correction."""

_DIGITS = 12
_DARK = re.compile("1+")
_MASKS = range(8)


def level_of(damp: bool) -> str:
    return "Q" if damp else "M"


def version_for(length: int, damp: bool) -> int | None:
    """The smallest version that holds so many bytes at the level wanted; None if it is beyond version 10."""
    return next((at for at, most in enumerate(CAPACITY[level_of(damp)], 1) if length <= most), None)


def side_of(version: int) -> int:
    """In modules, without the quiet zone."""
    return 17 + 4 * version


@dataclass(frozen=True, slots=True)
class Symbol:
    side: int
    bits: int

    def runs(self) -> list[tuple[int, int, int]]:
        """The dark modules: column, row and length of each run in a row."""
        found, stride = [], self.side + QUIET
        for run in _DARK.finditer(f"{self.bits:b}"[::-1]):
            row, column = divmod(run.start() - QUIET, stride)
            found.append((column, row, run.end() - run.start()))
        return found


def symbol_of(url: str, damp: bool = False) -> Symbol:
    """Of exactly this address, in bytes, in the smallest version that fits at level M, or Q for damp goods.

    Where that version holds the address at a higher level as well, it gets the higher level: the modules keep their
    size, and more of them may be lost. Raises ValueError for an address that is not plain ASCII or is too long.
    """
    if not url.isascii() or not url.isprintable() or " " in url:
        raise ValueError("an address in a QR code is plain ASCII without spaces")
    digits = url[-_DIGITS:]
    if not (len(digits) == _DIGITS and digits.isdecimal()):
        raise ValueError("an address in a QR code ends in 12 digits")
    return _family(url[:-_DIGITS], damp).symbol(digits)


class _Family:
    """All symbols whose addresses begin alike and end in 12 digits."""

    def __init__(self, prefix: str, damp: bool) -> None:
        version = version_for(len(prefix) + _DIGITS, damp)
        if version is None:
            raise ValueError("the address is too long for a QR code on a label")
        zeros = "0" * _DIGITS
        smallest = segno.make_qr(prefix + zeros, error=level_of(damp), mode="byte", version=version, boost_error=True)
        self.side = side_of(version)
        self._stride = self.side + QUIET
        self._masked = [self._matrix(prefix + zeros, smallest, mask) for mask in _MASKS]
        self._change = [[0] * 10 for _ in zeros]
        for place in range(_DIGITS):
            by_bit = {
                bit: self._masked[0]
                ^ self._matrix(f"{prefix}{zeros[:place]}{bit}{zeros[place + 1 :]}", smallest, mask=0)
                for bit in (1, 2, 4, 8)
            }
            for digit in range(10):
                for bit, change in by_bit.items():
                    self._change[place][digit] ^= change if digit & bit else 0
        self._count = (self.side * self._stride) + QUIET
        self._penalty = _Penalty(self.side)

    def symbol(self, digits: str) -> Symbol:
        change = 0
        for changes, digit in zip(self._change, digits, strict=True):
            change ^= changes[int(digit)]
        best = min((masked ^ change for masked in self._masked), key=self._penalty)
        return Symbol(self.side, best & ((1 << self._count) - 1))

    def _matrix(self, url: str, like: segno.QRCode, mask: int) -> int:
        """The matrix, and after it the same one turned over its diagonal, so that columns are rows."""
        made = segno.make_qr(
            url, error=like.error, mode="byte", version=like.version, mask=mask, boost_error=False
        ).matrix
        bits, at = 0, QUIET
        for rows in (made, zip(*made, strict=True)):
            for row in rows:
                for column, dark in enumerate(row):
                    bits |= dark << at + column
                at += self._stride
        return bits


_family = lru_cache(maxsize=8)(_Family)


class _Penalty:
    """How badly a symbol would be read, by the four rules of the standard. Without the modules that name its mask."""

    def __init__(self, side: int) -> None:
        stride = side + QUIET
        self._side = side
        self._rows = self._every_row(side, (1 << side) - 1, 2 * side)
        self._judged = self._rows & ~_naming_the_mask(side)
        self._pairs = self._every_row(side, (1 << side - 1) - 1, 2 * side)
        self._blocks = self._every_row(side, (1 << side - 1) - 1, side - 1)
        self._starts = self._every_row(side, (1 << side - 6) - 1, 2 * side)
        self._first = (1 << side * stride + QUIET) - 1
        self._all = (1 << 2 * side * stride + 2 * QUIET) - 1
        self._stride = stride

    @staticmethod
    def _every_row(side: int, bits: int, rows: int) -> int:
        return sum(bits << QUIET + row * (side + QUIET) for row in range(rows))

    def __call__(self, matrix: int) -> int:
        dark = matrix & self._judged
        alike = ~(dark ^ dark >> 1) & self._pairs
        four = alike & alike >> 1
        four &= four >> 2
        runs = four.bit_count() + 2 * (four & ~(four << 1)).bit_count()
        blocks = alike & alike >> self._stride & ~(dark ^ dark >> self._stride) & self._blocks
        light = self._all ^ dark
        four = light & light >> 1
        four &= four >> 2
        finders = dark & light >> 1 & dark >> 2 & dark >> 3 & dark >> 4 & light >> 5 & dark >> 6 & self._starts
        finders &= four << 4 | four >> 7
        share = (dark & self._first).bit_count() / self._side**2
        return runs + 3 * blocks.bit_count() + 40 * finders.bit_count() + 10 * int(abs(share * 100 - 50) / 5)


@cache
def _naming_the_mask(side: int) -> int:
    """The modules that say which mask it is, and the one that is always dark: not judged, by 7.8."""
    stride, found = side + QUIET, 0
    for other in (*range(6), 7, 8, *range(side - 8, side)):
        for first, second in ((8, other), (other, 8)):
            at = QUIET + first * stride + second
            found |= 1 << at | 1 << at + side * stride
    return found
